package mongostore

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/heard-dev/heard/pkg/apierr"
)

func TestWhatTheDriverSaysIsToldInTheCoresWords(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	clash := mongo.WriteErrors{{Code: 11000, Message: `E11000 dup key: { emailFolded: "ann@example.com" }`}}
	bulkClash := []mongo.BulkWriteError{{WriteError: clash[0]}}
	unconfirmed := &mongo.WriteConcernError{Code: 64}
	for name, c := range map[string]struct {
		ctx  context.Context
		said error
		want apierr.Kind
	}{
		"nothing found":               {said: mongo.ErrNoDocuments, want: apierr.NotFound},
		"a clash":                     {said: mongo.WriteException{WriteErrors: clash}, want: apierr.Conflict},
		"a clash of findAndModify":    {said: mongo.CommandError{Code: 11000}, want: apierr.Conflict},
		"a clash the majority misses": {said: mongo.WriteException{WriteErrors: clash, WriteConcernError: unconfirmed}, want: apierr.Unavailable},
		"a write the majority misses": {said: mongo.WriteException{WriteConcernError: unconfirmed}, want: apierr.Unavailable},
		"a clash of many writes":      {said: mongo.BulkWriteException{WriteErrors: bulkClash}, want: apierr.Conflict},
		"many the majority misses": {
			said: mongo.BulkWriteException{WriteErrors: bulkClash, WriteConcernError: unconfirmed}, want: apierr.Unavailable,
		},
		"a broken connection":        {said: mongo.CommandError{Labels: []string{"NetworkError"}, Wrapped: io.EOF}, want: apierr.Unavailable},
		"a pool given up":            {said: mongo.CommandError{Labels: []string{"TransientTransactionError"}}, want: apierr.Unavailable},
		"no longer the primary":      {said: mongo.CommandError{Code: 10107}, want: apierr.Unavailable},
		"stepped down at the write":  {said: mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 189}}}, want: apierr.Unavailable},
		"out of time at the server":  {said: mongo.CommandError{Code: 50}, want: apierr.Unavailable},
		"what nobody labelled":       {said: io.ErrUnexpectedEOF, want: apierr.Unavailable},
		"a caller that gave up":      {ctx: gone, said: io.EOF, want: apierr.Unavailable},
		"a command it does not like": {said: mongo.CommandError{Code: 2}, want: apierr.Internal},
		"an index that differs":      {said: mongo.CommandError{Code: 86}, want: apierr.Internal},
		"what cannot be encoded":     {said: mongo.MarshalError{Err: io.EOF}, want: apierr.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			if c.ctx == nil {
				c.ctx = context.Background()
			}
			err := collection{what: "member"}.refusal(c.ctx, c.said)
			if kind := apierr.KindOf(err); kind != c.want {
				t.Errorf("%v is told as %s, want %s", c.said, kind, c.want)
			}
			if strings.Contains(err.Error(), "ann@example.com") && c.want == apierr.Conflict {
				t.Errorf("%v tells whom it is about", err)
			}
			if cause := c.ctx.Err(); cause != nil && !errors.Is(err, cause) {
				t.Errorf("%v does not tell that its caller gave up", err)
			}
		})
	}
}
