package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"leyden/actors/stack"
	"leyden/cmd/leyden/settings"
	"leyden/http/metrics"
	"leyden/http/server"
	"leyden/http/shapeapi"
)

// engineTimeout is how long the engine may take to write what it has when it is stopped.
const engineTimeout = 30 * time.Second

// service is a running server: the engine, and the listeners on top of it.
type service struct {
	log       *slog.Logger
	engine    *stack.Stack
	listeners []*server.Server // in the order of their start
	failures  chan error
	stopping  chan struct{}
	watchers  sync.WaitGroup // of what can fail
}

// start starts the engine, then the listeners. It does not wait for the database. What was started when it fails has been
// stopped when it returns.
func start(ctx context.Context, s *settings.Settings, log *slog.Logger) (_ *service, err error) {
	if s.InstanceID == "" {
		s.InstanceID = randomID()
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	config, err := stackConfig(s, registry, log)
	if err != nil {
		return nil, err
	}
	log.Info("starting", "version", version, "instance", s.InstanceID, "database", s.Database.URL, "storage", storageName(s))
	srv := &service{log: log, failures: make(chan error, 4), stopping: make(chan struct{})} // room for each watcher
	if srv.engine, err = stack.Start(ctx, config); err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, srv.stop(ctx))
		}
	}()
	srv.watchers.Go(func() {
		select {
		case <-srv.engine.Failed():
			srv.failures <- srv.engine.Failure()
		case <-srv.stopping:
		}
	})
	srv.watchers.Go(srv.giveMemoryBack)
	if s.PrometheusPort >= 0 {
		l := server.New(server.Config{Port: s.PrometheusPort, IPv6: s.HTTP.IPv6, ReadTimeout: s.HTTP.ReadTimeout, Logger: log}, metrics.Handler(registry, log), nil)
		if err := srv.listen(ctx, l); err != nil {
			return nil, &settings.Error{Name: "ELECTRIC_PROMETHEUS_PORT", Reason: err.Error()}
		}
		log.Info("serving metrics", "address", l.Addr().String())
	}
	api := shapeapi.New(apiConfig(s), srv.engine, shapeapi.Options{Logger: log, Metrics: shapeapi.NewMetrics(registry)})
	if err := srv.serveOperators(ctx, s, api); err != nil {
		return nil, err
	}
	l := server.New(server.Config{Port: s.HTTP.Port, IPv6: s.HTTP.IPv6, ReadTimeout: s.HTTP.ReadTimeout, SendTimeout: s.HTTP.SendTimeout, ConnMaxRequests: s.HTTP.ConnRequests, Logger: log}, api, api.Drain)
	if err := srv.listen(ctx, l); err != nil {
		return nil, &settings.Error{Name: "ELECTRIC_PORT", Reason: err.Error()}
	}
	log.Info("serving shapes", "address", l.Addr().String(), "secret", s.HTTP.Secret.IsSet())
	return srv, nil
}

// listen starts a listener whose end, when nobody asked for it, is a failure of the service.
func (s *service) listen(ctx context.Context, l *server.Server) error {
	if err := l.Start(ctx); err != nil {
		return err
	}
	s.listeners = append(s.listeners, l)
	s.watchers.Go(func() {
		<-l.Done()
		if err := l.Err(); err != nil {
			s.failures <- err
		}
	})
	return nil
}

// failed tells why the service cannot go on. stop must follow.
func (s *service) failed() <-chan error { return s.failures }

// url is where the API can be reached from this machine.
func (s *service) url() string {
	api := s.listeners[len(s.listeners)-1]
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(api.Addr().(*net.TCPAddr).Port))
}

// awaitActive waits until requests can be served.
func (s *service) awaitActive(ctx context.Context) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	ready := make(chan error, 1)
	go func() { ready <- s.engine.WaitReady(waiting) }()
	select {
	case err := <-s.failed():
		return err
	case err := <-ready:
		return err
	}
}

// stop ends what listens, the API first, then the engine.
func (s *service) stop(ctx context.Context) error {
	close(s.stopping)
	var errs []error
	for i := len(s.listeners) - 1; i >= 0; i-- {
		draining, cancel := afterwards(ctx, server.DrainTimeout)
		errs = append(errs, s.listeners[i].Shutdown(draining))
		cancel()
	}
	stopping, cancel := afterwards(ctx, engineTimeout)
	defer cancel()
	if err := s.engine.Stop(stopping); err != nil {
		errs = append(errs, fmt.Errorf("stop the engine: %w", err))
	}
	s.watchers.Wait()
	s.log.Info("stopped")
	return errors.Join(errs...)
}

// afterwards is a context for what has to be done after ctx has ended.
func afterwards(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}

func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return hex.EncodeToString(b[:])
}

func storageName(s *settings.Settings) string {
	if s.Storage.Memory {
		return "memory"
	}
	return s.Storage.Dir
}
