package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// values makes input texts of types: mostly valid ones near each other or near a limit, now and then nonsense.
type values struct{ *rand.Rand }

func (v values) pick(texts ...string) string { return texts[v.IntN(len(texts))] }

func (v values) chance(percent int) bool { return v.IntN(100) < percent }

// of makes a text for the type of that name.
func (v values) of(t *Type) string {
	if t.Elem != nil {
		return v.array(t.Elem)
	}
	text := v.scalar(t.Name)
	switch {
	case v.IntN(60) == 0:
		return v.pick("", " ", "x", "NULL", "1 2", text+"x", text+"\t", "'"+text)
	case v.IntN(25) == 0 && t.Category != 'S' && t.Category != 'E':
		return v.pick(" ", "\t", "\n") + text + v.pick("", " ", "  \n")
	}
	return text
}

func (v values) scalar(name string) string {
	switch name {
	case "bool":
		return v.pick("t", "f", "t", "f", "true", "false", "yes", "no", "on", "off", "1", "0", "TRUE", "Fal", "y", "N", "of", "o")
	case "int2":
		return v.integer(math.MaxInt16)
	case "int4":
		return v.integer(math.MaxInt32)
	case "int8":
		return v.integer(math.MaxInt64)
	case "float4", "float8":
		return v.float()
	case "numeric":
		return v.numeric()
	case "text", "varchar", "bpchar", "name":
		return v.text()
	case "uuid":
		return v.uuid()
	case "date":
		return v.date()
	case "time":
		return v.clock()
	case "timetz":
		return v.clock() + v.offset()
	case "timestamp":
		return v.timestamp()
	case "timestamptz":
		return v.timestamptz()
	case "interval":
		return v.interval()
	case "bytea":
		return v.bytea()
	case "json", "jsonb":
		return v.json(3)
	case byteType:
		return v.pick("a", "b", "A", "", " ", "1", "~", "ab", "z", "%", `\316`, `\377`, `\101`)
	case enumType:
		return v.pick("sad", "ok", "happy", "Very Happy", "")
	}
	panic("judge: no values of type " + name)
}

func (v values) integer(limit int64) string {
	var n int64
	switch v.IntN(10) {
	case 0, 1, 2, 3:
		n = int64(v.IntN(8)) - 2
	case 4, 5:
		n = v.Int64N(200) - 100
	case 6:
		n = limit - int64(v.IntN(3))
	case 7:
		n = -limit - 1 + int64(v.IntN(3))
	case 8:
		n = v.Int64N(limit)
	default:
		n = []int64{0, 127, 255, 1000, 32767, -32768, 16777217, 65536, 2147483647, 9007199254740993, 4294967296}[v.IntN(11)]
	}
	text := strconv.FormatInt(n, 10)
	switch v.IntN(30) {
	case 0:
		return "+" + strings.TrimPrefix(text, "-")
	case 1:
		return v.pick("-0", "00", "007", "0x1F", "1_000", "1e3", "1.0", "--1", "+ 1", "-", "99999999999999999999")
	}
	return text
}

func (v values) float() string {
	switch v.IntN(12) {
	case 0, 1, 2:
		return strconv.Itoa(v.IntN(8) - 2)
	case 3, 4:
		return v.pick("0.1", "-0.1", "0.5", "1.5", "2.5", "-2.5", "1.1", "0.3", "1e15", "123456789012345680", "1e14", "1e16", "1e-4", "1e-5", "0.00001234", "100000", "1000000", "999999.5")
	case 5:
		return v.pick("NaN", "Infinity", "-Infinity", "inf", "-inf", "nan", "+infinity", "-0", "0")
	case 6:
		return v.pick("3.4028235e38", "1e38", "1e-45", "1.17549435e-38", "1e39", "16777216", "16777217", "1.1000000238418579")
	case 7:
		return v.pick("1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "1e308", "1e309", "1e-400", "9007199254740993")
	case 8:
		return strconv.FormatFloat(math.Float64frombits(v.Uint64()), 'g', -1, 64)
	case 9:
		return strconv.FormatFloat(float64(math.Float32frombits(v.Uint32())), 'g', -1, 64)
	case 10:
		return v.pick(".5", "5.", "1e5", "1E+5", "1e-5", "+1.5", "0x10", "1_0", "1e", "e1", ".", "1.5.5", "1d", "0x1p3", "infin", "Nan", "INF")
	}
	return strconv.FormatFloat(v.NormFloat64()*math.Pow(10, float64(v.IntN(12)-4)), 'f', v.IntN(7), 64)
}

func (v values) digits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + v.IntN(10)))
	}
	return b.String()
}

func (v values) numeric() string {
	sign := v.pick("", "", "-")
	switch v.IntN(12) {
	case 0, 1, 2:
		return strconv.Itoa(v.IntN(8) - 2)
	case 3, 4:
		return sign + v.pick("0.5", "1.5", "2.5", "0.05", "1.10", "1.1", "5.0", "5.00", "0.00", "0.0", "100", "1000", "9999.995", "0.1", "99.95", "0.000")
	case 5:
		return v.pick("NaN", "Infinity", "-Infinity", "inf", "-inf", "nan")
	case 6:
		return sign + "0." + strings.Repeat("0", v.IntN(25)) + v.digits(1+v.IntN(12))
	case 7:
		return sign + v.digits(1+v.IntN(40))
	case 8:
		return sign + v.digits(1+v.IntN(30)) + "." + v.digits(v.IntN(30))
	case 9:
		return v.pick("1e20", "1.5e3", "12e-5", "1E+2", "32767.5", "32768", "2147483647.4999", "9223372036854775807.5", "9007199254740993", "16777217", "1e-20", "0e5", "1.0e-3")
	case 10:
		return v.pick(".5", "5.", "+1.5", "-0", "-0.00", "0x10", "1_000", "1e", "e1", ".", "1.5.5", " 1 ", "infinit", "1e200", "1e-200", "000.100", "1e500000")
	}
	return sign + v.digits(1+v.IntN(5)) + "." + v.digits(1+v.IntN(4))
}

func (v values) text() string {
	switch v.IntN(8) {
	case 0, 1, 2:
		return v.pick("", "a", "A", "b", "ab", "aB", "a ", "a  ", " a", "a%b", "a_b", `a\b`, "é", "É", "ß", "日本", "a\nb", "a\n", "%", "_", `\`, "5", " 5 ", "1.5", "true", "NaN", "happy", "z", "Z", "_a", "-",
			"aab", "aaab", "éA", "ÉàÀ", "Ω", "ω.", "[é]", "abc", "b c", "a,b,c")
	case 3:
		return v.pick("e\u0301", "İ", "ı", "Ǆ", "ǆ", "ǅ", "ς", "Σ", "σ", "ΑΣ", "ﬀ", "ŉ", "\u00a0", "\u2003", "👩‍👩‍👧", "\U0001F600", "ａ", "\u200b", "ϴ", "K", "Å", "ẞ", "ᾳ", "\u0345", "Ⅷ", "ⓐ", "ꭰ", "Ꭰ", "𐐀", "𐐨")
	case 4:
		return v.pick("2024-01-31", "12:30:00", "2024-02-29 10:00:00", "1 day", "P1D", "{1,2}", `{"a":1}`, "[1,2]", "t", "off", "00000000-0000-0000-0000-000000000000", `\x00ff`, "1e5", "-1", "Infinity", "{}", "null", "UTC", "year")
	}
	var b strings.Builder
	for range v.IntN(9) {
		b.WriteString(v.pick("a", "b", "A", "B", "c", " ", "é", "日", "%", "_", `\`, "'", `"`, "aa", "ab", ",", ".", "1", "\t", "e\u0301", "😀", "x", "-"))
	}
	return b.String()
}

func (v values) uuid() string {
	const nibbles = "0123456789abcdef"
	text := v.pick("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12")
	if v.chance(30) {
		b := []byte(text)
		for i, c := range b {
			if c != '-' {
				b[i] = nibbles[v.IntN(16)]
			}
		}
		text = string(b)
	}
	switch v.IntN(12) {
	case 0:
		return strings.ToUpper(text)
	case 1:
		return "{" + text + "}"
	case 2:
		return strings.ReplaceAll(text, "-", "")
	case 3:
		return v.pick(text[:35], text+"0", "{"+text, text[:8]+text[9:], text[:4]+"-"+text[4:], "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11")
	}
	return text
}

func (v values) bytea() string {
	switch v.IntN(8) {
	case 0:
		return ""
	case 1:
		return v.pick(`\x`, `\x00`, `\xff`, `\xDEADbeef`, `\x 00 ff`, `\x0`, `\xzz`, `abc`, `a\\b`, `\000\377`, `é`, `\400`, `\1`, `a\'`, ` `)
	}
	n := v.IntN(6)
	b := make([]byte, n)
	for i := range b {
		b[i] = byte([]int{0, 1, 32, 97, 98, 127, 128, 255}[v.IntN(8)])
	}
	return fmt.Sprintf(`\x%x`, b)
}

// json makes a document of at most that depth.
func (v values) json(depth int) string {
	space := v.pick("", "", "", " ")
	kind := v.IntN(10)
	if depth == 0 {
		kind = v.IntN(6)
	}
	switch kind {
	case 0, 1:
		return v.pick("0", "1", "2", "-1", "1.0", "1.50", "-0", "0.1", "1e2", "1E-3", "12345678901234567890.5", "true", "false", "null", "1e400", "5")
	case 2, 3:
		return v.pick(`"a"`, `"b"`, `""`, `"é"`, `"\u00e9"`, `"a\nb"`, `"\\"`, `"\""`, `"1"`, `"\ud83d\ude00"`, `"日本"`, `"c"`, `"\/"`, `"2024-01-31"`, `" a"`)
	case 4:
		return v.pick("null", "{}", "[]", "true", "false")
	case 5:
		return v.pick(`"a"`, "1", `"\u0000"`, "01", "{", "[1,]", `{"a":}`, "nul", "'a'", "NaN", `"\x"`, "", `{a:1}`, "[1 2]", `"\ud83d"`, "1.", ".5", "+1", `{"a":1,"a":2}`)
	case 6, 7:
		items := make([]string, v.IntN(4))
		for i := range items {
			items[i] = v.json(depth - 1)
		}
		return "[" + space + strings.Join(items, ","+space) + "]"
	}
	items := make([]string, v.IntN(4))
	for i := range items {
		items[i] = v.pick(`"a"`, `"b"`, `"c"`, `""`, `"é"`, `"0"`, `"1"`, `"aa"`, `"B"`) + space + ":" + space + v.json(depth-1)
	}
	return "{" + strings.Join(items, ","+space) + space + "}"
}

// array makes the text of an array: nested now and then, with NULLs, quotes, and bounds of its own.
func (v values) array(elem *Type) string {
	switch v.IntN(14) {
	case 0:
		return "{}"
	case 1:
		inner := make([]string, 1+v.IntN(2))
		n := 1 + v.IntN(2)
		for i := range inner {
			inner[i] = v.items(elem, n)
		}
		return "{" + strings.Join(inner, ",") + "}"
	case 2:
		n := 1 + v.IntN(3)
		from := v.IntN(4) - 2
		return fmt.Sprintf("[%d:%d]=%s", from, from+n-1, v.items(elem, n))
	case 3:
		return v.pick("{{}}", "{,}", "{1,}", "{", "}", "{NULL}", "{null,NuLL}", `{"NULL"}`, "{{1},{2,3}}", " { } ", "{{{1}}}", "{1}}", "[1:2]={1}", "[2:1]={}", "{a b}", "{1 , 2}", "{ NULL , NULL}", "{{NULL,NULL}}", `{\a}`, `{"a}`)
	}
	return v.items(elem, v.IntN(5))
}

func (v values) items(elem *Type, n int) string {
	items := make([]string, n)
	for i := range items {
		text := v.scalar(elem.Name)
		switch {
		case v.chance(10):
			items[i] = v.pick("NULL", "null")
		case v.chance(40) || text == "" || strings.ContainsAny(text, "{},\"\\ \t\n") || strings.EqualFold(text, "null"):
			items[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		default:
			items[i] = text
		}
	}
	return "{" + strings.Join(items, v.pick(",", ",", ",", " , ")) + "}"
}
