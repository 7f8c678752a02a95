package httpkit

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/dialect"
)

const mediaJSON = "application/json"

// document is the OpenAPI document of a dialect. huma fills it from the types that decode requests, and never serves one.
type document struct {
	huma.API
	dialect dialect.Dialect
	last    *huma.Operation
}

// nobody is huma's router: requests do not come through it.
type nobody struct{}

func (nobody) Handle(*huma.Operation, func(huma.Context))       {}
func (nobody) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

func newDocument(d dialect.Dialect, about dialect.About) *document {
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: about.Title, Version: about.Version, Description: about.Description,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Components: &huma.Components{
			Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{},
		},
	}
	for _, scheme := range about.Schemes {
		doc.Components.SecuritySchemes[scheme.Name] = &huma.SecurityScheme{
			Type: scheme.Type, Scheme: scheme.Scheme, Name: scheme.Header, Description: scheme.Description,
		}
		if scheme.Header != "" {
			doc.Components.SecuritySchemes[scheme.Name].In = "header"
		}
	}
	config := huma.Config{OpenAPI: doc, Formats: huma.DefaultFormats, DefaultFormat: mediaJSON}
	return &document{API: huma.NewAPI(config, nobody{}), dialect: d}
}

// DocumentOperation lets huma add an operation, and remembers it for who adds its route.
func (d *document) DocumentOperation(op *huma.Operation) {
	d.OpenAPI().AddOperation(op)
	d.last = op
}

// OpenAPI writes the dialect's document from the types that decode its requests.
func (a *API) OpenAPI() ([]byte, error) {
	described := a.document.OpenAPI()
	for _, own := range []string{"ErrorModel", "ErrorDetail"} { // huma's, which never appear
		delete(described.Components.Schemas.Map(), own)
	}
	for _, schema := range described.Components.Schemas.Map() {
		for _, property := range schema.Properties {
			listNull(property)
		}
	}
	doc, err := json.MarshalIndent(described, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("httpkit: write the OpenAPI document of %s: %w", a.dialect.Name(), err)
	}
	return append(doc, '\n'), nil
}

// listNull adds null to the values that a nullable property lists: by JSON Schema the list binds null too, and a tag cannot
// say it.
func listNull(property *huma.Schema) {
	if property.Nullable && len(property.Enum) > 0 && !slices.Contains(property.Enum, nil) {
		property.Enum = append(property.Enum, nil)
	}
}

// operation is the part of a route's description that its types do not tell: its door and its faults.
func (a *API) operation(route Route) huma.Operation {
	op := huma.Operation{
		Method: route.Method, Path: route.Path, OperationID: route.ID, Summary: route.Summary, Description: route.Notes,
		Tags: []string{route.Tag}, DefaultStatus: route.Status, Responses: map[string]*huma.Response{},
	}
	faults := slices.Concat(route.Errors, route.Door.faults, []Fault{
		{Kind: apierr.Internal, Code: apierr.CodeInternal, When: "the fault is ours", Also: "`requestId` is what to tell the operator"},
		{Kind: apierr.Unavailable, Code: apierr.CodeInternal, When: "a store is away; try again, with an `Idempotency-Key` where there is one"},
	})
	if route.MaxBody > 0 {
		faults = append(faults,
			Fault{Kind: apierr.Invalid, Code: apierr.CodeInvalidBody, When: "the body breaks its schema", Also: "`details` lists every fault"},
			Fault{Kind: apierr.Timeout, Code: apierr.CodeRequestTimeout, When: "the body came too slowly"},
			Fault{Kind: apierr.TooLarge, Code: apierr.CodePayloadTooLarge, When: fmt.Sprintf("the body is larger than %d bytes", route.MaxBody)},
			Fault{Kind: apierr.UnsupportedMedia, Code: apierr.CodeUnsupportedMedia, When: "the Content-Type is not application/json"})
	}
	op.Security = route.Door.security
	envelope := a.document.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(a.about.Envelope), true, "Error")
	for _, fault := range faults {
		status := strconv.Itoa(dialect.Status(fault.Kind))
		response := op.Responses[status]
		if response == nil {
			response = &huma.Response{Content: map[string]*huma.MediaType{mediaJSON: {Schema: envelope}}}
			op.Responses[status] = response
		}
		response.Description = strings.TrimPrefix(response.Description+"; ", "; ") + a.tell(fault)
	}
	return op
}

// tell describes a fault in what its surface has words for.
func (a *API) tell(fault Fault) string {
	if a.about.Textual {
		return fault.When
	}
	if a.about.Code != nil {
		return "`" + a.about.Code(fault.Kind, fault.Code) + "`: " + fault.When
	}
	text := "`" + string(fault.Code) + "`: " + fault.When
	if fault.Also != "" {
		text += "; " + fault.Also
	}
	return text
}

// operation is a method of a path, in OpenAPI's spelling.
type operation struct{ method, path string }

// TellAll lets refusals tell every method of a path that any service has, by the published documents: behind a gateway one
// path may be two services'. Only refusals ask, so the documents are read when one does.
func (k *Kit) TellAll() { k.described = sync.OnceValue(k.published) }

// published lists what the documents of all dialects describe, sorted within each.
func (k *Kit) published() (all []operation) {
	for _, api := range k.apis {
		var doc struct {
			Paths map[string]map[string]struct{} `json:"paths"`
		}
		text := api.about.Document
		if text == nil {
			continue
		}
		if err := json.Unmarshal(text, &doc); err != nil {
			panic("httpkit: " + err.Error()) // it is part of this binary
		}
		for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
			for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
				all = append(all, operation{strings.ToUpper(method), path})
			}
		}
	}
	return all
}
