package diskstore

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
)

// transferWithin is how long one upload or download may take: the largest file at about half a megabit a second. The
// deadlines of a server that answers JSON are too short for that.
const transferWithin = 300 * time.Second

// ServeHTTP takes the PUT and the GET of the store's links. Browsers may send them from any origin: a link is all the
// authority there is, no cookie counts.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	key, ours := strings.CutPrefix(r.URL.Path, s.mount)
	if !ours || attachment.CheckKey(key) != nil {
		s.refuse(w, r, errNoFile)
		return
	}
	var err error
	switch r.Method {
	case http.MethodPut:
		err = s.receive(w, r, key)
	case http.MethodGet, http.MethodHead:
		err = s.send(w, r, key)
	case http.MethodOptions:
		preflight(w)
	default:
		w.Header().Set("Allow", methods)
		err = errMethod
	}
	if err != nil {
		s.refuse(w, r, err)
	}
}

const methods = "GET, HEAD, PUT, OPTIONS"

func preflight(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Methods", methods)
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type, Range")
	w.Header().Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}

func (s *Store) receive(w http.ResponseWriter, r *http.Request, key string) error {
	p, err := s.permitted(r.URL.Query(), http.MethodPut, key)
	if err != nil {
		return err
	}
	switch types := r.Header.Values("Content-Type"); {
	case r.ContentLength < 0:
		return errNoLength
	case r.ContentLength > p.object.Size:
		return errTooLong
	case r.ContentLength < p.object.Size:
		return errTooShort
	case len(types) != 1 || types[0] != p.object.ContentType:
		return errType
	}
	if taken, err := s.has(key); err != nil || taken {
		return keep(err, errTaken)
	}
	if err := extend(http.NewResponseController(w).SetReadDeadline); err != nil {
		return err
	}
	if err := s.store(key, p.object, r.Body); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Store) send(w http.ResponseWriter, r *http.Request, key string) error {
	if _, err := s.permitted(r.URL.Query(), http.MethodGet, key); err != nil {
		return err
	}
	f, err := s.open(key)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := extend(http.NewResponseController(w).SetWriteDeadline); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", attachment.DownloadType(key))
	header.Set("Content-Disposition", attachment.Disposition(key))
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Cache-Control", "private, no-store")
	http.ServeContent(w, r, "", f.modified, f.content())
	return nil
}

// extend sets a deadline by the real clock, which is the one that connections go by.
func extend(set func(time.Time) error) error {
	if err := set(time.Now().Add(transferWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
