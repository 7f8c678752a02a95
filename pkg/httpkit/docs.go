package httpkit

import (
	"fmt"
	"net/http"
	"strings"

	swagger "github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"

	"github.com/heard-dev/heard/pkg/dialect"
)

// ServeDocuments adds /openapi.json (the native surface), /openapi/<dialect>.json, and Swagger UI at /docs, all from the
// binary itself. A dialect that has no document yet is left out.
func (k *Kit) ServeDocuments() {
	mux := http.NewServeMux()
	var list []string
	for i, api := range k.apis {
		text := api.about.Document
		if text == nil {
			continue
		}
		path := "/openapi/" + api.dialect.Name() + ".json"
		mux.HandleFunc("GET "+path, static(dialect.JSON, text))
		if i == 0 {
			path = "/openapi.json"
			mux.HandleFunc("GET "+path, static(dialect.JSON, text))
		}
		list = append(list, fmt.Sprintf("{name: %q, url: %q}", api.about.Title, path))
	}
	mux.HandleFunc("GET /docs", static("text/html; charset=utf-8", []byte(docsPage)))
	mux.HandleFunc("GET /docs/start.js", static("text/javascript; charset=utf-8", fmt.Appendf(nil, docsStart, strings.Join(list, ", "))))
	refuse := k.apis[0].engine // it serves none of these paths
	mux.Handle("GET /docs/{$}", http.RedirectHandler("/docs", http.StatusMovedPermanently))
	mux.Handle("GET /docs/", http.StripPrefix("/docs", statigz.FileServer(swagger.FS, statigz.OnNotFound(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path, r.URL.RawPath = "/docs"+r.URL.Path, ""
		refuse.ServeHTTP(w, r)
	}))))
	mux.Handle("/", refuse)
	k.Mount("/docs", mux)
	k.Mount("/openapi", mux)
}

const docsPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Heard API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/start.js"></script>
</html>
`

const docsStart = `SwaggerUIBundle({
  dom_id: "#docs",
  urls: [%s],
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  validatorUrl: null,
});
`

// static serves text that never changes while the process lives. Nothing on these pages comes from elsewhere.
func static(media string, text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Type", media)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'")
		w.Write(text) //nolint:errcheck // the reader is gone; there is nobody to tell
	}
}
