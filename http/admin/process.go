package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"leyden/actors/partition"
	"leyden/actors/status"
	"leyden/actors/tree"
	"leyden/internal/pg"
)

const (
	restartTimeout = 30 * time.Second
	longestRestart = 10 * time.Minute
	maxBody        = 64 << 10
)

func (a *API) status(_ http.ResponseWriter, r *http.Request) (any, error) {
	if err := only(r.URL.Query()); err != nil {
		return nil, err
	}
	report := a.engine.Report()
	s := Status{
		Service: report.Service.String(), WaitsFor: report.WaitsFor,
		Version: a.Version, Instance: a.Instance, Started: a.started, Database: a.Database, Storage: a.Storage,
		Shapes: report.Shapes.Total, ShapesIndexed: report.Shapes.Indexed, Making: report.Making, Consumers: report.Awake,
		Publication: report.Publication, Slot: report.Slot, Position: lsn(report.Position), Stored: lsn(report.Stored),
		RetainedWAL: report.RetainedWAL, UnderWay: report.UnderWay, Held: report.Held, Disk: report.Disk,
	}
	for _, c := range report.Conditions {
		s.Conditions = append(s.Conditions, Condition(c))
	}
	return s, nil
}

func lsn(n uint64) string {
	if n == 0 {
		return ""
	}
	return pg.LSN(n).String()
}

func (a *API) tree(_ http.ResponseWriter, r *http.Request) (any, error) {
	q := r.URL.Query()
	if err := only(q, "consumers"); err != nil {
		return nil, err
	}
	each := false
	if text := q.Get("consumers"); text != "" {
		var err error
		if each, err = strconv.ParseBool(text); err != nil {
			return nil, bad("consumers", "want true or false")
		}
	}
	nodes := a.engine.Processes(r.Context(), each)
	t := Tree{Processes: make([]Process, len(nodes))}
	for i := range nodes {
		t.Processes[i] = process(&nodes[i])
	}
	return t, nil
}

func process(n *tree.Node) Process {
	p := Process{Path: n.Path, Kind: n.Kind, State: n.State, Since: n.Since, Restarts: n.Restarts, Shape: n.About}
	if n.Mailbox != tree.NoMailbox {
		p.Mailbox = &n.Mailbox
	}
	if n.Dynamic != 0 {
		p.Consumers = &n.Dynamic
	}
	if n.Restarts > 0 || n.State == "down" {
		p.LastEnd = n.LastReason.Kind.String()
	}
	if !n.CrashedAt.IsZero() {
		p.LastError, p.FailedAt = n.LastCrash.String(), n.CrashedAt
	}
	return p
}

func (a *API) restart(w http.ResponseWriter, r *http.Request) (any, error) {
	var ask Restart
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&ask); err != nil {
		return nil, bad("", "the body is no {\"path\": …}: "+err.Error())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad("", "there is more than one value in the body")
	}
	limit := time.Duration(ask.TimeoutMS) * time.Millisecond
	switch {
	case ask.Path == "":
		return nil, bad("path", "is required: what is to be restarted? GET /v1/tree lists the paths")
	case ask.TimeoutMS < 0 || ask.TimeoutMS > longestRestart.Milliseconds():
		return nil, bad("timeout_ms", "want 1 to "+strconv.FormatInt(longestRestart.Milliseconds(), 10))
	case limit == 0:
		limit = restartTimeout
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	begun := a.Now()
	path, err := a.engine.RestartPath(ctx, ask.Path)
	switch {
	case errors.Is(err, tree.ErrNoSuchChild), errors.Is(err, partition.ErrNoShape):
		return nil, &Problem{Status: http.StatusNotFound, Code: "not_found", Parameter: "path", Message: err.Error()}
	case errors.Is(err, partition.ErrBusy):
		return nil, &Problem{Status: http.StatusConflict, Code: "busy", Parameter: "path", Message: err.Error()}
	case err != nil:
		return nil, err
	}
	done := Restarted{Path: path, UpMS: a.since(begun)}
	if err := a.engine.WaitReady(ctx); err != nil && r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	report := a.engine.Report()
	done.MS, done.Service, done.WaitsFor = a.since(begun), report.Service.String(), report.WaitsFor
	return done, nil
}

func (a *API) since(begun time.Time) float64 {
	return float64(a.Now().Sub(begun).Microseconds()) / 1000
}

// Active is the service of a Status or Restarted when requests are served.
func Active(service string) bool { return service == status.Active.String() }

func bad(parameter, message string) *Problem {
	return &Problem{Status: http.StatusBadRequest, Code: "bad_request", Parameter: parameter, Message: message}
}

// only refuses parameters that are not known: a misspelt one would be ignored otherwise.
func only(q url.Values, known ...string) error {
	for name, values := range q {
		found := false
		for _, k := range known {
			found = found || k == name
		}
		switch {
		case !found:
			return bad(name, "no such parameter")
		case len(values) > 1:
			return bad(name, "is there more than once")
		}
	}
	return nil
}
