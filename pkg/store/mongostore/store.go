// Package mongostore keeps Heard's records in MongoDB: a replica set, a sharded cluster, or one server.
//
// What it relies on, and what it does not:
//   - Every accepted write is one document, acknowledged by a majority that has it in its journal. There are no transactions:
//     what changes or removes many documents does so one by one, and may be repeated.
//   - Every filter of a tenant's data names the Org. The collections that grow (feedback, votes, comments, people, names, slots,
//     claims, runs, sessions, audit, uses, events, profiles, outcomes, refusals) may be sharded on {orgId: 1, _id: 1}: nothing in
//     them is unique but _id. Those of the control plane are small and stay whole.
//   - Retryable writes are on. On a replica set the server remembers a write by its session, so the driver's repeat of one
//     whose answer was lost is answered as the first would have been, and never as a conflict with itself. A single server
//     has no such memory: there the driver does not repeat, and the caller hears that the store is away.
//   - Reads go to the primary and see every acknowledged write, also right after a fail-over (majority reads need not).
//     Whatever grants or refuses access is read linearizably where servers replicate: a former primary that does not know yet
//     that it was replaced cannot vouch for a revoked key, and nothing is granted that a fail-over would undo.
//   - Times are kept to the millisecond, and read in UTC.
package mongostore

import (
	"context"
	"errors"
	"net"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/agentrun"
	"github.com/heard-dev/heard/pkg/core/apikey"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/audit"
	"github.com/heard-dev/heard/pkg/core/comment"
	"github.com/heard-dev/heard/pkg/core/enduser"
	"github.com/heard-dev/heard/pkg/core/erasure"
	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/core/idempotency"
	"github.com/heard-dev/heard/pkg/core/incident"
	"github.com/heard-dev/heard/pkg/core/limit"
	"github.com/heard-dev/heard/pkg/core/resource"
	"github.com/heard-dev/heard/pkg/core/session"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/core/usage"
	"github.com/heard-dev/heard/pkg/core/vote"
	"github.com/heard-dev/heard/pkg/secret"
)

const (
	// callTimeout bounds a whole call, repeats included; a shorter deadline of the caller's goes first.
	callTimeout = 5 * time.Second
	// selectTimeout is how long a call waits for a primary: a planned hand-over takes about two seconds. After a crash it
	// takes ten and more, which callers had better hear of than wait out.
	selectTimeout = 3 * time.Second
	// indexTimeout bounds the making of indexes, which takes as long as the collection is large.
	indexTimeout = 5 * time.Minute
	// indexesAtOnce is for how many collections indexes are made, or found to be there, at a time: it is most of a start.
	indexesAtOnce = 8
)

// Options says which MongoDB, and how to talk to it.
type Options struct {
	URI      secret.String         // may hold a password; what it says of timeouts and pools holds, of safety it does not
	Database string                // "heard" when empty
	Timeout  time.Duration         // bounds every call; 5 s when 0
	Monitor  *event.CommandMonitor // sees every command; may be nil
	Tracer   trace.TracerProvider  // makes a span of every command, unless there is a Monitor; may be nil
	Alone    func() time.Time      // a clock: indexes are made by one process at a time that is given one; may be nil
}

// Store keeps records. It is safe for concurrent use.
type Store struct {
	client  *mongo.Client
	timeout time.Duration

	orgs, apps, members, invitations, keys collection
	sessions, audit, uses, erasures        collection
	feedback, slots, claims, runs          collection
	incidents, overrides                   collection
	outcomes, refusals                     collection
	events, profiles                       collection
	votes, comments, people, names         collection
	resources                              collection
}

var (
	_ tenant.Store      = (*Store)(nil)
	_ apikey.Store      = (*Store)(nil)
	_ feedback.Store    = (*Store)(nil)
	_ attachment.Slots  = (*Store)(nil)
	_ idempotency.Store = (*Store)(nil)
	_ agentrun.Store    = (*Store)(nil)
	_ incident.Store    = (*Store)(nil)
	_ session.Store     = (*Store)(nil)
	_ audit.Store       = (*Store)(nil)
	_ usage.Store       = (*Store)(nil)
	_ erasure.Store     = (*Store)(nil)
	_ limit.Store       = (*Store)(nil)
	_ vote.Store        = (*Store)(nil)
	_ comment.Store     = (*Store)(nil)
	_ enduser.Store     = (*Store)(nil)
	_ resource.Store    = (*Store)(nil)
)

// Open connects, and makes the indexes that are not there yet; many may do so at once. A MongoDB that cannot be reached is
// apierr.Unavailable.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Database == "" {
		o.Database = "heard"
	}
	if o.Timeout == 0 {
		o.Timeout = callTimeout
	}
	client, err := connect(o)
	if err != nil {
		return nil, err
	}
	s := &Store{client: client, timeout: o.Timeout}
	prepare := func(ctx context.Context) error { return s.prepare(ctx, o.Database) }
	if o.Alone != nil {
		made := prepare
		prepare = func(ctx context.Context) error { return s.alone(ctx, client.Database(o.Database), o.Alone, made) }
	}
	if err := prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// connect starts a client without waiting for any server.
func connect(o Options) (*mongo.Client, error) {
	journaled := true
	opts := options.Client().SetAppName("heard").SetServerSelectionTimeout(selectTimeout).SetConnectTimeout(selectTimeout).
		ApplyURI(o.URI.Reveal()).
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journaled}).
		SetReadPreference(readpref.Primary()).SetRetryWrites(true).SetRetryReads(true).SetTimeout(o.Timeout)
	switch {
	case o.Monitor != nil:
		opts.SetMonitor(o.Monitor)
	case o.Tracer != nil:
		opts.SetMonitor(traced(o.Tracer))
	}
	client, err := mongo.Connect(opts)
	if err == nil {
		return client, nil
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return nil, apierr.Away(lookup)
	}
	return nil, errors.New("mongostore: the URI is malformed; it is not shown because it may hold a password")
}

// prepare opens the collections and makes their indexes.
func (s *Store) prepare(ctx context.Context, name string) error {
	db := s.client.Database(name)
	now, err := s.currentReads(ctx, db)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	making, together := errgroup.WithContext(ctx)
	making.SetLimit(indexesAtOnce)
	for _, c := range []struct {
		into    *collection
		name    string
		what    string
		indexes []mongo.IndexModel
	}{
		{&s.orgs, "orgs", "org", orgIndexes()},
		{&s.apps, "apps", "app", appIndexes()},
		{&s.members, "members", "member", memberIndexes()},
		{&s.invitations, "invitations", "invitation", invitationIndexes()},
		{&s.keys, "keys", "key", keyIndexes()},
		{&s.sessions, "sessions", "session", sessionIndexes()},
		{&s.audit, "audit", "audit entry", auditIndexes()},
		{&s.uses, "uses", "use", nil},
		{&s.erasures, "erasures", "erasure", erasureIndexes()},
		{&s.feedback, "feedback", "feedback", feedbackIndexes()},
		{&s.slots, "slots", "attachment", slotIndexes()},
		{&s.claims, "claims", "claim", claimIndexes()},
		{&s.runs, "runs", "agent run", runIndexes()},
		{&s.incidents, "incidents", "incident", incidentIndexes()},
		{&s.overrides, "overrides", "override", nil},
		{&s.outcomes, "outcomes", "outcome", outcomeIndexes()},
		{&s.refusals, "refusals", "refusal", refusalIndexes()},
		{&s.events, "events", "event", eventIndexes()},
		{&s.profiles, "profiles", "profile", profileIndexes()},
		{&s.votes, "votes", "vote", voteIndexes()},
		{&s.comments, "comments", "comment", commentIndexes()},
		{&s.people, "people", "person", personIndexes()},
		{&s.names, "names", "name", nil},
		{&s.resources, "resources", "resource", resourceIndexes()},
	} {
		of := db.Collection(c.name)
		*c.into = collection{of: of, now: db.Collection(c.name, now), what: c.what, timeout: s.timeout}
		if len(c.indexes) == 0 {
			continue
		}
		making.Go(func() error {
			_, err := of.Indexes().CreateMany(together, c.indexes)
			return c.into.refusal(together, err)
		})
	}
	if err := making.Wait(); err != nil {
		return err
	}
	return s.placeFormerItems(ctx)
}

// currentReads is linearizable where servers replicate. A single server has nobody to ask, and refuses to.
func (s *Store) currentReads(ctx context.Context, db *mongo.Database) (*options.CollectionOptionsBuilder, error) {
	const commandNotFound = 59 // the server does not know hello, so it does not replicate either
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var hello struct {
		SetName string `bson:"setName"`
		Msg     string `bson:"msg"`
	}
	err := db.RunCommand(ctx, bson.D{e("hello", 1)}).Decode(&hello)
	var answer mongo.CommandError
	if errors.As(err, &answer) && answer.HasErrorCode(commandNotFound) {
		err = nil
	}
	if err != nil {
		return nil, collection{what: "server"}.refusal(ctx, err)
	}
	if replicated := hello.SetName != "" || hello.Msg == "isdbgrid"; replicated {
		return options.Collection().SetReadConcern(readconcern.Linearizable()), nil
	}
	return options.Collection(), nil
}

// Ping tells whether there is a primary that answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := s.client.Ping(ctx, readpref.Primary()); err != nil {
		return apierr.Away(err)
	}
	return nil
}

// Close ends the connections, waiting for calls in flight until the context ends.
func (s *Store) Close(ctx context.Context) error {
	return s.client.Disconnect(ctx)
}
