package settings

// ignoredRows are the settings that are known so that a deployment can be moved as it is, and do nothing.
func ignoredRows() []Row {
	accept := func(string) error { return nil }
	ratio := checked(parseRatio)
	duration := checked(parseDuration)
	rows := []Row{
		{Name: "ELECTRIC_STATSD_HOST", Type: "host", Use: NoEffect, read: accept, Meaning: "Export of metrics to StatsD. Prometheus is served."},
		{Name: "ELECTRIC_OTLP_ENDPOINT", Type: "URL", Use: NoEffect, read: accept, Meaning: "Export of traces and metrics by OTLP."},
		{Name: "ELECTRIC_HNY_API_KEY", Type: "text", Use: NoEffect, read: accept, Meaning: "Header of OTLP exports."},
		{Name: "ELECTRIC_HNY_DATASET", Type: "text", Use: NoEffect, read: accept, Meaning: "Header of OTLP exports."},
		{Name: "ELECTRIC_SERVICE_NAME", Type: "text", Use: NoEffect, read: accept, Meaning: "Service name of OTLP exports."},
		{Name: "ELECTRIC_OTEL_DEBUG", Type: "bool", Use: NoEffect, read: accept, Meaning: "Print spans too."},
		{Name: "ELECTRIC_OTEL_EXPORT_PERIOD", Type: "duration", Use: NoEffect, read: duration, Meaning: "Period of OTLP exports."},
		{Name: "ELECTRIC_OTEL_SAMPLING_RATIO", Type: "ratio", Use: NoEffect, read: ratio, Meaning: "Sampling of traces."},
		{Name: "ELECTRIC_METRICS_SAMPLING_RATIO", Type: "ratio", Use: NoEffect, read: ratio, Meaning: "Sampling of metrics."},
		{Name: "ELECTRIC_DROP_EMPTY_RESPONSE_SPANS", Type: "bool", Use: NoEffect, read: accept, Meaning: "Filter of spans."},
		{Name: "ELECTRIC_EXCLUDE_SPANS", Type: "list", Use: NoEffect, read: accept, Meaning: "Filter of spans."},
		{Name: "ELECTRIC_PROFILE_WHERE_CLAUSES", Type: "bool", Use: NoEffect, read: accept, Meaning: "Spans of filter evaluation."},
		{Name: "OTEL_RESOURCE_ATTRIBUTES", Type: "list", Use: NoEffect, read: accept, Meaning: "Attributes of OTLP exports."},
		{Name: "SENTRY_DSN", Type: "URL", Use: NoEffect, read: accept, Meaning: "Error reports to Sentry."},
	}
	for _, r := range []struct{ name, kind, why string }{
		{"ELECTRIC_CONSUMER_GC_HEAP_THRESHOLD", "int", "Runtime tuning of the reference."},
		{"ELECTRIC_PROCESS_SPAWN_OPTS", "JSON", "Runtime tuning of the reference."},
		{"ELECTRIC_TWEAKS_PROCESS_REGISTRY_PARTITIONS", "int", "There is no process registry."},
		{"ELECTRIC_TWEAKS_HTTP_API_NUM_ACCEPTORS", "int", "One acceptor is enough for Go."},
		{"ELECTRIC_TWEAKS_HANDLER_FULLSWEEP_AFTER", "int", "Runtime tuning of the reference."},
		{"ELECTRIC_FEATURE_FLAGS", "list", "There are no feature flags."},
		{"ELECTRIC_PERSISTENT_STATE", "enum", "Replication state is kept in the same store as shapes, see `ELECTRIC_STORAGE`."},
		{"ELECTRIC_CLEANUP_INTERVAL_MS", "duration", "Removed shapes are deleted at once."},
		{"ELECTRIC_SHAPE_DB_EXCLUSIVE_MODE", "bool", "There is no SQLite database."},
		{"ELECTRIC_SHAPE_DB_STORAGE_DIR", "path", "There is no SQLite database."},
		{"ELECTRIC_SHAPE_DB_SYNCHRONOUS", "text", "There is no SQLite database."},
		{"ELECTRIC_SHAPE_DB_CACHE_SIZE", "size", "There is no SQLite database."},
		{"ELECTRIC_SHAPE_DB_ENABLE_STATS", "bool", "There is no SQLite database."},
		{"ELECTRIC_SHAPE_DB_ENABLE_MEMORY_STATS", "bool", "There is no SQLite database."},
		{"ELECTRIC_LOG_OTP_REPORTS", "bool", "Runtime reports of the reference."},
		{"ELECTRIC_TEST_LOG_LEVEL", "enum", "Test builds of the reference."},
		{"ELECTRIC_LIVE_DASHBOARD_PORT", "int", "Runtime dashboard of the reference."},
		{"ELECTRIC_SYSTEM_METRICS_POLL_INTERVAL", "duration", "Gauges are read when they are scraped."},
		{"ELECTRIC_STACK_TELEMETRY_INIT_DELAY", "duration", "Gauges are read when they are scraped."},
		{"ELECTRIC_TELEMETRY_TOP_PROCESS_LIMIT", "text", "Runtime metrics of the reference."},
		{"ELECTRIC_TELEMETRY_TOP_PROCESS_COUNT", "int", "Runtime metrics of the reference."},
		{"ELECTRIC_TELEMETRY_LONG_GC_THRESHOLD", "int", "Runtime metrics of the reference."},
		{"ELECTRIC_TELEMETRY_LONG_SCHEDULE_THRESHOLD", "int", "Runtime metrics of the reference."},
		{"ELECTRIC_TELEMETRY_LONG_MESSAGE_QUEUE_ENABLE_THRESHOLD", "int", "Runtime metrics of the reference."},
		{"ELECTRIC_TELEMETRY_LONG_MESSAGE_QUEUE_DISABLE_THRESHOLD", "int", "Runtime metrics of the reference."},
		{"ELECTRIC_TELEMETRY_URL", "URL", "Nothing is reported to anyone."},
		{"ELECTRIC_USAGE_REPORTING", "bool", "Nothing is reported to anyone."},
	} {
		rows = append(rows, Row{Name: r.name, Type: r.kind, Use: Ignored, read: accept, Meaning: r.why})
	}
	for i := range rows {
		rows[i].Default = "–"
	}
	return section("Accepted without effect", rows...)
}
