package crash

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

// client is one of the crowd. By its number it sends an Idempotency-Key or none, uploads files first, and speaks for an
// end user or for anybody.
type client struct {
	asker
	tenant  Tenant
	chance  *rand.Rand
	seed    uint64
	number  int
	settles time.Duration

	token   string // of the end user it speaks for, once it has one
	said    []*submission
	waiting []*submission // to be sent again
	faults  []Fault
}

func newClient(shape Shape, p Plan, number int) *client {
	return &client{
		asker: newAsker(shape.BaseURL), tenant: shape.Tenant, seed: p.Seed, number: number, settles: p.Settle,
		chance: rand.New(rand.NewPCG(p.Seed, uint64(1+number))),
	}
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
			c.waiting = c.keysHeard()
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
	if s := c.due(); s != nil {
		c.submit(ctx, s)
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
		c.apps(ctx)
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

// settle sends what waits until all of it is accepted, or time is up.
func (c *client) settle(ctx context.Context) {
	for end := time.Now().Add(c.settles); len(c.waiting) > 0 && time.Now().Before(end) && ctx.Err() == nil; {
		if s := c.due(); s != nil {
			c.submit(ctx, s)
		} else {
			rest(ctx, 10*time.Millisecond)
		}
	}
	for _, s := range c.waiting {
		c.fault(Other, "%s has no final answer %s after the last kill, but %s", s, c.settles, s.last)
	}
	c.waiting = nil
}

// due takes out what waits no longer.
func (c *client) due() *submission {
	now := time.Now()
	for i, s := range c.waiting {
		if now.After(s.again) {
			c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
			return s
		}
	}
	return nil
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
		body: encode(map[string]any{"sub": encodeName(c.seed, c.number)}),
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

// apps asks for the Org's Apps.
func (c *client) apps(ctx context.Context) {
	got, err := c.send(ctx, ask{method: http.MethodGet, target: "/v1/apps", token: c.tenant.Key})
	c.expect(ctx, "the list of Apps", got, err, http.StatusOK)
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

// expect tells whether the status is the one that was hoped for. What is away for a moment is not held against Heard; any
// other refusal is.
func (c *client) expect(ctx context.Context, what string, got answer, err error, status int) bool {
	switch {
	case err == nil && got.status == status:
		return true
	case err != nil || got.passing():
		rest(ctx, c.moment(100*time.Millisecond))
	default:
		c.fault(Other, "%s was refused: %s", what, got)
	}
	return false
}

func (c *client) moment(most time.Duration) time.Duration {
	return time.Duration(c.chance.Int64N(int64(most)))
}
