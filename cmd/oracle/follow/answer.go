package follow

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"leyden/internal/shape"
)

// readAnswer applies the answer to a request that is not for events. Nothing of it is applied unless all of it arrived.
func (f *Follower) readAnswer(u string, resp *http.Response) error {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return &transient{err}
	}
	end, upToDate, err := f.checkHeaders(u, resp.Header)
	if err != nil {
		return err
	}
	var messages []json.RawMessage
	if err := json.Unmarshal(body, &messages); err != nil {
		return &Violation{u, fmt.Sprintf("the body is no array of messages: %v", err)}
	}
	ended := false
	for i, raw := range messages {
		if ended {
			return &Violation{u, "a message after up-to-date"}
		}
		control, err := f.apply(raw)
		if err != nil {
			return &Violation{u, fmt.Sprintf("message %d of %d: %v", i, len(messages), err)}
		}
		ended = control == controlUpToDate
	}
	switch {
	case ended != upToDate:
		return &Violation{u, fmt.Sprintf("header says up to date: %t, messages: %t", upToDate, ended)}
	case end.Less(f.offset):
		return &Violation{u, fmt.Sprintf("electric-offset goes back to %s", end)}
	case !f.live && !upToDate && end == f.offset:
		return &Violation{u, "neither does the offset advance nor is the answer up to date"}
	case end.Less(f.applied):
		return &Violation{u, fmt.Sprintf("electric-offset is %s after a message at %s", end, f.applied)}
	}
	f.offset, f.live = end, upToDate
	return f.finish(u, upToDate)
}

// checkHeaders checks what every 200 must carry and returns its offset.
func (f *Follower) checkHeaders(u string, h http.Header) (end shape.Offset, upToDate bool, err error) {
	handle := h.Get("electric-handle")
	switch {
	case handle == "":
		return end, false, &Violation{u, "no electric-handle"}
	case f.handle != "" && handle != f.handle && f.offset != shape.BeforeAll:
		return end, false, &Violation{u, fmt.Sprintf("a 200 of shape %s to a client of %s", handle, f.handle)}
	case !f.live && h.Get("electric-schema") == "":
		return end, false, &Violation{u, "no electric-schema"}
	case f.live && h.Get("electric-cursor") == "":
		return end, false, &Violation{u, "no electric-cursor"}
	}
	if f.live {
		before, _ := strconv.ParseInt(f.cursor, 10, 64) // empty on the first live request
		now, err := strconv.ParseInt(h.Get("electric-cursor"), 10, 64)
		if err != nil || now <= before {
			return end, false, &Violation{u, fmt.Sprintf("electric-cursor %q after %q", h.Get("electric-cursor"), f.cursor)}
		}
		f.cursor = h.Get("electric-cursor")
	}
	f.handle = handle
	end, err = shape.ParseOffset(h.Get("electric-offset"))
	if err != nil {
		return end, false, &Violation{u, fmt.Sprintf("electric-offset %q", h.Get("electric-offset"))}
	}
	return end, h.Values("electric-up-to-date") != nil, nil
}

// readEvents applies server-sent events until the stream ends. The next request's offset is moved only by up-to-date
// messages, as the TypeScript client does; what comes twice because of that is recognised by its offset.
func (f *Follower) readEvents(u string, resp *http.Response) error {
	if got := resp.Header.Get("content-type"); got != "text/event-stream" {
		return &Violation{u, fmt.Sprintf("content-type %q in place of events", got)}
	}
	start, _, err := f.checkHeaders(u, resp.Header)
	if err != nil {
		return err
	}
	if start != f.offset {
		return &Violation{u, fmt.Sprintf("electric-offset is %s before any event after %s has come", start, f.offset)}
	}
	f.again = slices.Clone(f.since)
	told := 0
	lines := bufio.NewReaderSize(resp.Body, 64<<10)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return nil // the server ends streams; an event that was cut off counts as not sent
		}
		if err != nil {
			return &transient{err}
		}
		data, isData := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data: ")
		if !isData {
			if line != "\n" && !strings.HasPrefix(line, ":") {
				return &Violation{u, fmt.Sprintf("line %q in an event stream", line)}
			}
			continue
		}
		control, err := f.apply(json.RawMessage(data))
		if err != nil {
			return &Violation{u, err.Error()}
		}
		if control == controlUpToDate {
			if len(f.again) > 0 {
				return &Violation{u, fmt.Sprintf("up to date without %s, which came before", f.again[0].raw)}
			}
			if err := f.finish(u, true); err != nil {
				return err
			}
			if told++; told == f.o.Reconnect {
				return nil
			}
		}
	}
}

// finish publishes that an answer, or a batch of events, has been applied.
func (f *Follower) finish(u string, upToDate bool) error {
	if upToDate && f.o.Observed != nil {
		if err := f.o.Observed(f.rows); err != nil {
			return &Violation{u, err.Error()}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.upToDate, f.served = upToDate, f.handle
	f.signal()
	return nil
}
