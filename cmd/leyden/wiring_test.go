package main

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"leyden/actors/partition"
	"leyden/cmd/leyden/settings"
)

func TestIdleConsumersAreKeptForAsLongAsTheSettingsSay(t *testing.T) {
	for name, c := range map[string]struct {
		set                settings.Shapes
		rest, sleep, stall time.Duration
	}{
		"they leave as soon as they rest": {settings.Shapes{HibernateAfter: time.Minute, Suspend: true}, time.Minute, 0, 0},
		"they leave later":                {settings.Shapes{HibernateAfter: time.Second, Suspend: true, SuspendAfter: time.Hour}, time.Second, time.Hour, 0},
		"they stay":                       {settings.Shapes{HibernateAfter: time.Second, SuspendAfter: time.Hour, StallGrace: 7}, time.Second, partition.Never, 7},
	} {
		t.Run(name, func(t *testing.T) {
			engine, err := stackConfig(&settings.Settings{Shapes: c.set}, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			require.Equal(t, c.rest, engine.RestAfter)
			require.Equal(t, c.sleep, engine.SleepAfter)
			require.Equal(t, c.stall, engine.StallGrace)
		})
	}
}
