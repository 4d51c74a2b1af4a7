package where

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

const (
	reasonTime    = "its result changes with time"
	reasonRandom  = "its result changes from call to call"
	reasonSession = "its result depends on the settings of a session"
	reasonState   = "its result depends on more than the row"
)

// refused says why a function of Postgres is none of the language's.
func refused(name string) (why string, ok bool) {
	switch name {
	case "now", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "statement_timestamp",
		"transaction_timestamp", "age":
		return reasonTime, true
	case "clock_timestamp", "timeofday", "random", "gen_random_uuid", "uuid_generate_v4", "nextval", "setseed":
		return reasonRandom, true
	case "current_user", "session_user", "user", "current_role", "current_catalog", "current_schema", "current_database",
		"current_setting", "to_char", "to_timestamp", "to_date", "format", "quote_literal", "quote_nullable", "to_json", "to_jsonb",
		"row_to_json", "json_build_object", "jsonb_build_object", "json_build_array", "jsonb_build_array", "array_to_json",
		"array_to_string", "string_to_array":
		return reasonSession, true
	case "currval", "lastval", "txid_current", "pg_sleep", "pg_backend_pid", "pg_current_xact_id", "pg_is_in_recovery",
		"inet_client_addr", "version":
		return reasonState, true
	}
	return "", false
}

// sessionValue refuses the words that Postgres calls like functions without parentheses.
func (a *analyzer) sessionValue(e *pg.SQLValueFunction) error {
	name := strings.TrimPrefix(e.Op.String(), "SVFOP_")
	name = strings.TrimSuffix(name, "_N")
	why, _ := refused(strings.ToLower(name))
	return a.errorf(e.Location, "%s is not supported: %s", name, why)
}
