package httpkit

import (
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/dialect"
)

// Route is one operation and what stands before it.
type Route struct {
	Method  string
	Path    string // in OpenAPI's spelling: /v1/feedback/{id}
	ID      string // operationId
	Tag     string
	Summary string
	Notes   string // Markdown
	Status  int    // of success
	Door    Door
	MaxBody int64   // bytes; 0 where no body is taken
	Errors  []Fault // what it documents besides the faults of its door and its body

	action *action // of an RPC surface; nil elsewhere
}

// API is one dialect's routes.
type API struct {
	kit      *Kit
	dialect  dialect.Dialect
	about    dialect.About // what the dialect says of itself: some is made anew each time it is asked
	engine   *gin.Engine
	document *document
	names    func() map[string]bool // of all properties
	routes   []Route
}

func newAPI(k *Kit, d dialect.Dialect) *API {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.UseRawPath, engine.UnescapePathValues = true, false // it would read a plus as a space; see segment
	proxies := make([]string, len(k.TrustedProxies))
	for i, p := range k.TrustedProxies {
		proxies[i] = p.String()
	}
	if err := engine.SetTrustedProxies(proxies); err != nil {
		panic("httpkit: " + err.Error()) // a netip.Prefix always parses
	}
	a := &API{kit: k, dialect: d, about: d.About(), engine: engine}
	a.document = newDocument(d, a.about)
	a.names = sync.OnceValue(a.propertyNames)
	if k.Telemetry.Exports() {
		engine.Use(otelgin.Middleware(k.Service, otelgin.WithTracerProvider(k.Telemetry.Tracer),
			otelgin.WithMeterProvider(k.Telemetry.Meter), otelgin.WithPropagators(k.Telemetry.Propagator)))
	}
	engine.NoRoute(a.unserved)
	engine.NoMethod(a.unserved)
	return a
}

// unserved refuses requests that no route takes. Of a path that is served by other methods it tells all of them: gin knows
// only those of this dialect and this process.
func (a *API) unserved(c *gin.Context) {
	x := a.begin(c, new(Route))
	defer x.end()
	methods := a.kit.methods(c.Request.URL.EscapedPath())
	if len(methods) == 0 {
		x.refuse(apierr.Missing("route"))
		return
	}
	c.Header("Allow", strings.Join(methods, ", "))
	x.refuse(apierr.New(apierr.MethodNotAllowed, apierr.CodeMethodNotAllowed, "This path does not take this method."))
}
