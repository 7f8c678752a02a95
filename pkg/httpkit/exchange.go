package httpkit

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/core/outcome"
	"github.com/heard-dev/heard/pkg/dialect"
	"github.com/heard-dev/heard/pkg/run"
	"github.com/heard-dev/heard/pkg/telemetry"
)

// exchange is one request on its way to its answer.
type exchange struct {
	api     *API
	route   *Route
	c       *gin.Context
	ctx     context.Context
	cancel  context.CancelFunc
	id      string
	caller  auth.Principal
	verdict *gate.Verdict
	stack   string

	lent     *body  // the buffer that the body was read into, if it is still held
	said     []byte // the whole body in it
	tally    outcome.Tally
	reported bool // to the ledger
}

// begin bounds the time of a request, which front has named: its body, the work and all, because the server's own write
// deadline counts on that. Every exchange must end.
func (a *API) begin(c *gin.Context, route *Route) *exchange {
	header := c.Writer.Header()
	x := &exchange{api: a, route: route, c: c, id: header.Get(requestID)}
	x.ctx, x.cancel = context.WithTimeout(c.Request.Context(), run.RequestDeadline)
	if origin := c.Request.Header.Get("Origin"); origin != "" && route.Door.browser {
		welcome(header, origin)
	}
	return x
}

// end frees what begin took, and turns a panic into a refusal. http.ErrAbortHandler is a handler's way to cut the
// connection, and the server's to understand.
func (x *exchange) end() {
	defer x.cancel()
	defer x.giveBack()
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	x.stack = string(debug.Stack())
	x.refuse(fmt.Errorf("httpkit: panic: %v", fault))
}

// enter passes the route's door: who calls, and is it within its limits?
func (x *exchange) enter() error {
	door := x.route.Door
	if door.admit == nil {
		x.caller.Address = x.address()
		return nil
	}
	presented, err := x.api.dialect.Credential(x.c.Request.Header)
	if err != nil {
		return err
	}
	if door.session {
		presented.Token = presented.Session
	}
	if presented.Token == "" {
		return apierr.New(apierr.Unauthenticated, apierr.CodeMissingAuthorization, "Authentication is required.")
	}
	caller, verdict, err := door.admit(x.ctx, x.api.kit.Auth, auth.Credential{
		Token: presented.Token, UserToken: presented.UserToken, OrgSlug: presented.OrgSlug,
		Origin: x.c.Request.Header.Get("Origin"), Address: x.address(),
	})
	x.caller = caller
	if len(verdict.Decisions) > 0 { // otherwise no limit was asked
		x.verdict = &verdict
	}
	if org, app := caller.Tenant(); !org.IsZero() {
		x.ctx = telemetry.WithTenant(x.ctx, org, app)
	}
	if verdict.Degraded {
		x.api.kit.stats.degraded(x.ctx)
	}
	return err
}

// address is the client's, believed from a header only when a trusted proxy set it.
func (x *exchange) address() netip.Addr {
	address, err := netip.ParseAddr(x.c.ClientIP())
	if err != nil {
		return netip.IPv4Unspecified()
	}
	return address
}

// write sends the answer, encoded beforehand.
func (x *exchange) write(answer dialect.Answer) {
	if x.c.Writer.Written() {
		return
	}
	header := x.c.Writer.Header()
	for name, values := range answer.Header {
		header[name] = values
	}
	if len(answer.Body) > 0 {
		header["Content-Length"] = []string{strconv.Itoa(len(answer.Body))}
	}
	x.c.Writer.WriteHeader(answer.Status)
	_, err := x.c.Writer.Write(answer.Body)
	if err != nil {
		x.c.Abort() // the client is gone; there is nobody to tell
	}
}

// partWays ends the connection with the answer, and lets a client that is still sending hear it.
func (x *exchange) partWays() {
	x.c.Writer.Header().Set("Connection", "close")
	Linger(x.c.Writer)
}

// tooLarge refuses a body before it is read, and the rest of it: the connection closes.
func (x *exchange) tooLarge() error {
	x.partWays()
	return apierr.New(apierr.TooLarge, apierr.CodePayloadTooLarge, fmt.Sprintf("The body is larger than %d bytes.", x.route.MaxBody))
}
