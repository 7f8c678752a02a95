package mongostore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/heard-dev/heard/pkg/apierr"
)

// refusal says what went wrong in a call to the server in the words of the core's interfaces.
func (c collection) refusal(ctx context.Context, err error) error {
	var write mongo.WriteException
	var bulk mongo.BulkWriteException
	switch {
	case err == nil:
		return nil
	case errors.Is(err, mongo.ErrNoDocuments):
		return apierr.Missing(c.what)
	case errors.As(err, &write) && write.WriteConcernError != nil, errors.As(err, &bulk) && bulk.WriteConcernError != nil:
		return apierr.Away(err) // no majority has confirmed the write, nor what it clashed with
	case mongo.IsDuplicateKeyError(err):
		// The server's own words name the values that clash, which may be a person's.
		return apierr.New(apierr.Conflict, apierr.CodeAlreadyExists, "This "+c.what+" exists already, or a name of it is taken.")
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		return apierr.Away(fmt.Errorf("%w: %w", ctx.Err(), err))
	case away(err):
		return apierr.Away(err)
	default:
		return fmt.Errorf("mongostore: %s: %w", c.what, err)
	}
}

// changed is a document that is not, or no longer, what the caller took it for.
func (c collection) changed() error {
	return apierr.New(apierr.Conflict, apierr.CodeChanged, "The "+c.what+" was changed meanwhile.")
}

// away tells whether err is about reaching the servers, or about their reaching each other, rather than about what was
// asked. What no server said and no encoder refused was lost on the way.
func away(err error) bool {
	if mongo.IsTimeout(err) || mongo.IsNetworkError(err) {
		return true
	}
	var encoding mongo.MarshalError
	var argument mongo.InvalidArgumentError
	if errors.As(err, &encoding) || errors.As(err, &argument) {
		return false
	}
	var said mongo.ServerError
	if !errors.As(err, &said) {
		return true
	}
	// The last is also what the driver says when it gave up a connection because another one broke.
	if slices.ContainsFunc([]string{"RetryableWriteError", "RetryableError", "TransientTransactionError"}, said.HasErrorLabel) {
		return true
	}
	return slices.ContainsFunc(said.ErrorCodes(), func(code int) bool { return slices.Contains(passing(), code) })
}

// passing lists the server's codes that pass when a primary is found, a shard is reached or a majority answers.
func passing() []int {
	return []int{
		6,     // HostUnreachable
		7,     // HostNotFound
		64,    // WriteConcernTimeout: applied, but no majority said so in time
		79,    // UnknownReplWriteConcern
		89,    // NetworkTimeout
		91,    // ShutdownInProgress
		100,   // UnsatisfiableWriteConcern
		133,   // FailedToSatisfyReadPreference
		134,   // ReadConcernMajorityNotAvailableYet
		189,   // PrimarySteppedDown
		262,   // ExceededTimeLimit
		9001,  // SocketException
		10058, // LegacyNotPrimary
		10107, // NotWritablePrimary
		11600, // InterruptedAtShutdown
		11601, // Interrupted
		11602, // InterruptedDueToReplStateChange
		13435, // NotPrimaryNoSecondaryOk
		13436, // NotPrimaryOrSecondary
	}
}
