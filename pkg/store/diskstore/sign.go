package diskstore

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/heard-dev/heard/pkg/core/attachment"
)

// permit is what a link allows. Size and type are those of an upload; a download's are zero.
type permit struct {
	method  string
	key     string
	object  attachment.Object
	expires int64 // unix seconds
}

// SignPut gives a URL that takes one PUT of exactly that type and size. It expires after ttl, rounded up to a second.
func (s *Store) SignPut(ctx context.Context, key string, object attachment.Object, ttl time.Duration) (string, error) {
	if object.Size < 0 || len(object.ContentType) > maxType || strings.ContainsAny(object.ContentType, "\r\n") {
		return "", errors.New("diskstore: no file has such a type or size")
	}
	return s.link(ctx, permit{method: http.MethodPut, key: key, object: object, expires: s.expiry(ttl)})
}

// SignGet gives a URL to download the file as an attachment, never to show it. It expires after ttl, rounded up to a second.
func (s *Store) SignGet(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return s.link(ctx, permit{method: http.MethodGet, key: key, expires: s.expiry(ttl)})
}

func (s *Store) expiry(ttl time.Duration) int64 {
	return s.now().Add(ttl + time.Second - time.Nanosecond).Unix()
}

func (s *Store) link(ctx context.Context, p permit) (string, error) {
	if err := ready(ctx, p.key); err != nil {
		return "", err
	}
	query := url.Values{}
	query.Set("expires", strconv.FormatInt(p.expires, 10))
	query.Set("signature", hex.EncodeToString(s.signature(p)))
	if p.method == http.MethodPut {
		query.Set("size", strconv.FormatInt(p.object.Size, 10))
		query.Set("type", p.object.ContentType)
	}
	return strings.TrimSuffix(s.baseURL(), "/") + "/" + p.key + "?" + query.Encode(), nil
}

func (s *Store) signature(p permit) []byte {
	mac := hmac.New(sha256.New, s.key)
	// No field can hold a line break, so no two permits are the same text.
	mac.Write(fmt.Appendf(nil, "heard-link 1\n%s\n%s\n%s\n%d\n%d", p.method, p.key, p.object.ContentType, p.object.Size, p.expires))
	return mac.Sum(nil)
}

// permitted reads the permit that a request carries for that method and key, if it is ours and still good.
func (s *Store) permitted(query url.Values, method, key string) (permit, error) {
	p := permit{method: method, key: key}
	var faults [2]error
	p.expires, faults[0] = strconv.ParseInt(query.Get("expires"), 10, 64)
	if method == http.MethodPut {
		p.object.ContentType = query.Get("type")
		p.object.Size, faults[1] = strconv.ParseInt(query.Get("size"), 10, 64)
	}
	given, err := hex.DecodeString(query.Get("signature"))
	if errors.Join(faults[0], faults[1], err) != nil || !hmac.Equal(given, s.signature(p)) {
		return permit{}, errSignature
	}
	if !s.now().Before(time.Unix(p.expires, 0)) {
		return permit{}, errExpired
	}
	return p, nil
}
