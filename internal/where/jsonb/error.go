package jsonb

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
	codeSyntax    = "22P02" // invalid_text_representation
	codeUnicode   = "22P05" // untranslatable_character
	codeRange     = "22003" // numeric_value_out_of_range
	codeParameter = "22023" // invalid_parameter_value
	codeNull      = "22004" // null_value_not_allowed
	codeTooDeep   = "54001" // statement_too_complex
)

func syntax(detail string) error {
	return &Error{codeSyntax, "invalid input syntax for type json", detail}
}

func parameter(message string) error { return &Error{Code: codeParameter, Message: message} }
