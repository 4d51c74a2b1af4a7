package main

import (
	"context"

	"leyden/cmd/leyden/settings"
	"leyden/http/admin"
	"leyden/http/server"
	"leyden/http/shapeapi"
)

// serveOperators starts the listener of the admin API. If the default port is in use, by another server on this machine as a
// rule, a free one is taken: what cannot be looked at cannot be repaired.
func (s *service) serveOperators(ctx context.Context, c *settings.Settings, api *shapeapi.API) error {
	if c.Admin.Off {
		return nil
	}
	handler := admin.New(admin.Config{
		Secret: c.Admin.Secret.Reveal(), Version: version, Instance: c.InstanceID, Database: c.Database.URL.Address() + "/" + c.Database.URL.Database, Storage: storageName(c), Logger: s.log,
	}, s.engine, api)
	listen := func(port int) (*server.Server, error) {
		l := server.New(server.Config{Host: c.Admin.Host, Port: port, ReadTimeout: c.HTTP.ReadTimeout, Logger: s.log}, handler, nil)
		return l, s.listen(ctx, l)
	}
	l, err := listen(c.Admin.Port)
	if err != nil && !c.Admin.Given {
		s.log.Warn("the port for operators is in use, a free one is taken", "error", err)
		l, err = listen(0)
	}
	if err != nil {
		return &settings.Error{Name: "LEYDEN_ADMIN_ADDR", Reason: err.Error()}
	}
	s.log.Info("serving operators", "address", l.Addr().String(), "secret", c.Admin.Secret.IsSet())
	return nil
}
