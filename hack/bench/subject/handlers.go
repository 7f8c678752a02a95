package subject

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/heard-dev/heard/pkg/core/feedback"
	"github.com/heard-dev/heard/pkg/id"
)

const path = "/v1/feedback"

// bareHandler answers bodies of the size that the others answer, and reads nothing.
func bareHandler(list []byte) http.Handler {
	engine := newEngine()
	engine.POST(path, func(c *gin.Context) {
		c.Data(http.StatusCreated, "application/json", []byte(`{"id":"652f1f77bcf86cd799439011","status":"received"}`))
	})
	engine.GET(path, func(c *gin.Context) { c.Data(http.StatusOK, "application/json", list) })
	return engine
}

// floorHandler does what cannot be left out, for whoever calls: no credentials, no limits, no filters, no deadlines.
func floorHandler(store feedback.Store, ids *id.Source, org, app id.ID) http.Handler {
	engine := newEngine()
	engine.POST(path, func(c *gin.Context) {
		var said submission
		decoder := json.NewDecoder(c.Request.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&said); err != nil || !said.valid() {
			c.Status(http.StatusBadRequest)
			return
		}
		item := said.item(ids.New(), org, app, c.Request.UserAgent(), time.Now().UTC().Truncate(time.Millisecond))
		if err := store.InsertFeedback(c.Request.Context(), org, item); err != nil {
			c.String(http.StatusInternalServerError, err.Error())
			return
		}
		c.JSON(http.StatusCreated, gin.H{"id": item.ID.String(), "status": item.Status})
	})
	engine.GET(path, func(c *gin.Context) {
		found, err := store.ListFeedback(c.Request.Context(), org, feedback.Query{Limit: 50})
		if err != nil {
			c.String(http.StatusInternalServerError, err.Error())
			return
		}
		c.JSON(http.StatusOK, view(found))
	})
	return engine
}

// BoardPath is where the boards of a store are read as it gives them, whatever surfaces make of them.
const BoardPath = "/bench/board"

// withBoards serves the boards beside what the handler serves.
func withBoards(handler http.Handler, store feedback.Store, org id.ID) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	mux.HandleFunc("GET "+BoardPath, func(w http.ResponseWriter, r *http.Request) {
		query := feedback.BoardQuery{Sort: feedback.Sort(r.FormValue("sort")), Limit: 50}
		found, err := store.BoardFeedback(r.Context(), org, query)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(view(feedback.Page{Items: found.Items})) //nolint:errcheck // our parent is gone
	})
	return mux
}

func newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	return gin.New()
}

// samplePage is a list of fifty as the API writes it.
func samplePage(ids *id.Source, org, app id.ID) ([]byte, error) {
	var said submission
	if err := json.Unmarshal([]byte(Body), &said); err != nil {
		return nil, err
	}
	found := feedback.Page{Next: ids.New()}
	for range 50 {
		found.Items = append(found.Items, said.item(ids.New(), org, app, UserAgent, time.Now().UTC().Truncate(time.Millisecond)))
	}
	return json.Marshal(view(found))
}
