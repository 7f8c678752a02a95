package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/heard-dev/heard/hack/bench/direct"
	"github.com/heard-dev/heard/hack/bench/report"
	"github.com/heard-dev/heard/hack/bench/subject"
	"github.com/heard-dev/heard/hack/bench/trial"
)

// batch is how many events one request tells, where it tells many.
const batch = 100

// events measures what Heard is told of events beside bare drivers, on each engine.
func (b *bench) events(ctx context.Context) error {
	driver, err := direct.SQLite(ctx, filepath.Join(b.dir, "direct.db"))
	if err != nil {
		return err
	}
	err = b.told(ctx, subject.Spec{Engine: subject.SQLite}, driver)
	if b.mongoURI == "" || b.redisURL == "" {
		return err
	}
	spec := b.onMongo(0)
	driver, failed := direct.Mongo(ctx, b.mongoURI, databaseOf(spec, subject.Driver))
	if failed == nil {
		failed = b.told(ctx, spec, driver)
	}
	return errors.Join(err, failed, forget(context.WithoutCancel(ctx), spec))
}

// told measures one engine, and closes the driver.
func (b *bench) told(ctx context.Context, spec subject.Spec, driver direct.Driver) (err error) {
	defer func() { err = errors.Join(err, driver.Close(context.WithoutCancel(ctx))) }()
	server, err := b.serve(ctx, b.program, spec, subject.Heard)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	bare := spec
	bare.Kind = subject.Driver
	for _, operation := range []struct {
		name   string
		events int
		direct func() error
	}{
		{report.Singles, 1, func() error { return driver.InsertOne(ctx) }},
		{report.Batches, batch, func() error { return driver.InsertMany(ctx, batch) }},
	} {
		progress("measuring %s on %s", operation.name, spec.Engine)
		var lanes []trial.Lane
		for _, n := range connections {
			lanes = append(lanes,
				trial.Lane{Server: &subject.Process{Spec: bare}, Operation: operation.name, Connections: n, Direct: operation.direct},
				trial.Lane{Server: server, Operation: operation.name, Connections: n, Request: trial.Events(server.Doors, operation.events)})
		}
		measured, err := trial.Run(lanes, b.timing())
		if err != nil {
			return err
		}
		b.report.Add(measured)
	}
	b.report.AimEvents(spec.Engine)
	return nil
}
