package main

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/heard-dev/heard/hack/bench/subject"
)

// forget removes from the servers what the measured ones have kept there.
func forget(ctx context.Context, spec subject.Spec) error {
	client, err := mongo.Connect(options.Client().ApplyURI(spec.MongoURI))
	if err != nil {
		return err
	}
	dropped := errors.Join(
		client.Database(databaseOf(spec, subject.Floor)).Drop(ctx), client.Database(databaseOf(spec, subject.Heard)).Drop(ctx),
		client.Database(databaseOf(spec, subject.Driver)).Drop(ctx),
		client.Disconnect(ctx))
	where, err := redis.ParseURL(spec.RedisURL)
	if err != nil {
		return errors.Join(dropped, err)
	}
	kept := redis.NewClient(where)
	var faults []error
	found := kept.Scan(ctx, 0, spec.Prefix+"*", 1000).Iterator()
	for found.Next(ctx) {
		faults = append(faults, kept.Del(ctx, found.Val()).Err())
	}
	return errors.Join(dropped, errors.Join(faults...), found.Err(), kept.Close())
}

// databaseOf is each server's own, so that none reads what another wrote.
func databaseOf(spec subject.Spec, kind subject.Kind) string {
	return spec.Database + "-" + string(kind[0])
}
