package crash

import (
	"context"
	"net/http"
	"time"
)

// client is one of the crowd. By its number it sends an Idempotency-Key or none, uploads files first, and speaks for an
// end user or for anybody.
type client struct {
	party

	token string // of the end user it speaks for, once it has one
	said  []*submission
}

func newClient(shape Shape, p Plan, number int) *client {
	return &client{party: newParty(shape, p, number)}
}

func (c *client) keyed() bool   { return c.number%2 == 0 }
func (c *client) uploads() bool { return c.number%8 < 2 }
func (c *client) private() bool { return c.number%3 == 0 }

// live submits until it is calm, then waits for the answers that are missing, and sends every key once more.
func (c *client) live(ctx context.Context, calm <-chan struct{}) {
	defer c.http.CloseIdleConnections()
	for {
		select {
		case <-ctx.Done():
			return
		case <-calm:
			c.settle(ctx)
			for _, s := range c.keysHeard() {
				c.later(s, time.Now(), "nothing", c.submitting(s))
			}
			c.settle(ctx)
			return
		default:
			c.step(ctx)
		}
	}
}

// step sends what is due again, or something new, and looks around now and then.
func (c *client) step(ctx context.Context) {
	rest(ctx, c.moment(10*time.Millisecond))
	if send := c.due(); send != nil {
		send(ctx)
		return
	}
	if c.private() && c.token == "" {
		c.mint(ctx)
		return
	}
	s := c.compose(ctx)
	if s == nil {
		return
	}
	c.submit(ctx, s)
	switch c.chance.IntN(16) {
	case 0:
		c.manage(ctx)
	case 1:
		c.token = "" // and get another one
	case 2, 3:
		c.look(ctx)
	case 4, 5:
		if heard := c.keysHeard(); len(heard) > 0 {
			c.submit(ctx, heard[c.chance.IntN(len(heard))])
		}
	}
}

// keysHeard are the submissions that were accepted and may be sent again.
func (c *client) keysHeard() []*submission {
	var heard []*submission
	for _, s := range c.said {
		if s.key != "" && len(s.answers) > 0 {
			heard = append(heard, s)
		}
	}
	return heard
}

// mint gets a token for an end user.
func (c *client) mint(ctx context.Context) {
	got, err := c.send(ctx, ask{
		method: http.MethodPost, target: "/v1/tokens/mint?appId=" + c.tenant.Private.ID, token: c.tenant.Key,
		body: encode(map[string]any{"sub": c.name()}),
	})
	if !c.expect(ctx, "a token", got, err, http.StatusOK) {
		return
	}
	var minted struct{ Token string }
	if err := got.read(&minted); err != nil {
		c.fault(Other, "a token: %v", err)
	}
	c.token = minted.Token
}

// manage asks what the surfaces that are not about saying and telling have to show.
func (c *client) manage(ctx context.Context) {
	asks := [...]ask{
		{method: http.MethodGet, target: "/v1/apps", token: c.tenant.Key},
		{method: http.MethodGet, target: "/v1/users", token: c.tenant.Key},
		{method: http.MethodGet, target: "/api/v1/public/org", header: map[string]string{"X-API-Key": c.tenant.OrgKey, "X-Org-Slug": c.tenant.Slug}},
		{method: http.MethodGet, target: "/v1/feedbacks.list", token: c.tenant.BoardKey},
		{method: http.MethodPost, target: "/api/v1/public/subscriber.identify", token: c.tenant.BoardKey, body: encode(map[string]any{"email": c.name() + "@crash.example"})},
		{method: http.MethodGet, target: "/.well-known/jwks.json"},
	}
	chosen := asks[c.chance.IntN(len(asks))]
	got, err := c.send(ctx, chosen)
	c.expect(ctx, chosen.target, got, err, http.StatusOK)
}

// look reads something back that was accepted, while processes die.
func (c *client) look(ctx context.Context) {
	s := c.said[c.chance.IntN(len(c.said))]
	if len(s.answers) == 0 {
		return
	}
	item := s.answers[0]
	got, err := c.send(ctx, ask{method: http.MethodGet, target: "/v1/feedback/" + item, token: c.tenant.Key})
	if got.status == http.StatusNotFound {
		c.fault(Lost, "%s is not found: %s", s, got)
		return
	}
	if !c.expect(ctx, "item "+item, got, err, http.StatusOK) {
		return
	}
	var found struct{ Text string }
	if err := got.read(&found); err != nil || found.Text != s.text {
		c.fault(Lost, "%s reads %.40q: %v", s, found.Text, err)
	}
}
