package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"leyden/http/admin"
)

// restartTimeout is how long a part of the server may take until it is up and requests are served again.
const restartTimeout = 30 * time.Second

// restartPart restarts a random part of the running server, as an operator does: any line of its tree, consumers too, but
// the streaming subtree as often as all others together.
func (o *oracle) restartPart(ctx context.Context, r *rand.Rand) error {
	o.serverMu.Lock()
	defer o.serverMu.Unlock()
	ops := &admin.Client{URL: o.server.AdminURL(), HTTP: o.client}
	tree, err := ops.Tree(ctx, true)
	if err != nil {
		return err
	}
	path := "streaming"
	if p := pick(r, tree.Processes); r.IntN(2) == 0 {
		path = p.Path
		if p.Kind == "consumer" && p.State != "up" {
			return nil // it holds something, or its shape is being removed
		}
	}
	o.disturbing()
	defer o.disturbing()
	o.totals.parts++
	done, err := ops.Restart(ctx, path, restartTimeout)
	if p, refused := err.(*admin.Problem); refused && (p.Code == "busy" || p.Code == "not_found") {
		return nil // it is a consumer that has got something to hold, or has ended, since it was listed
	}
	switch {
	case err != nil:
		return fmt.Errorf("restart %s: %w", path, err)
	case !admin.Active(done.Service):
		return fmt.Errorf("restart %s: after %s the server is %s and waits for %s", path, restartTimeout, done.Service, done.WaitsFor)
	}
	return nil
}
