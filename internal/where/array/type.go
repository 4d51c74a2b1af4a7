package array

// Type is what the package has to know of an element type. An element's value is a string of bytes of the type's own making.
type Type struct {
	// Input appends the value that text stands for. It must not keep text.
	Input func(dst, text []byte) ([]byte, error)
	// Output appends the text of a value.
	Output func(dst, value []byte) []byte
	// Compare orders two values as the type's btree operators do. It is nil for a type without an order.
	Compare func(a, b []byte) int
	// Equal is the type's = operator. It is nil for a type without one.
	Equal func(a, b []byte) bool
	// Key appends the one string of bytes that all values equal to this one share, and no other.
	Key func(dst, value []byte) []byte
}

// Error is an error that Postgres raises too. Message and Detail are Postgres' without the value: errors are logged.
type Error struct {
	Code    string // SQLSTATE
	Message string
	Detail  string
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Message
	}
	return e.Message + ": " + e.Detail
}

const (
	codeSyntax      = "22P02" // invalid_text_representation
	codeSubscript   = "2202E" // array_subscript_error
	codeLimit       = "54000" // program_limit_exceeded
	codeUnsupported = "0A000" // feature_not_supported
	codeData        = "22000" // data_exception
	codeRange       = "22003" // numeric_value_out_of_range
	codeNull        = "22004" // null_value_not_allowed
)

func malformed(detail string) *Error {
	return &Error{codeSyntax, "malformed array literal", detail}
}

func incompatible(detail string) *Error {
	return &Error{codeSubscript, "cannot concatenate incompatible arrays", detail}
}
