package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/attachment"
)

// SignPut gives a URL that takes a PUT of exactly that type and size, for 1 s to 7 days. S3 has no way to refuse a second
// PUT unless the client sends If-None-Match, so until the URL expires its holder can replace the file by one of the same
// type and size.
func (s *Store) SignPut(ctx context.Context, key string, object attachment.Object, ttl time.Duration) (string, error) {
	bound := http.Header{}
	bound.Set("Content-Type", object.ContentType)
	bound.Set("Content-Length", strconv.FormatInt(object.Size, 10))
	query := url.Values{}
	if s.minIO {
		seal(query, bound)
	}
	return s.sign(ctx, http.MethodPut, key, ttl, query, bound)
}

// SignGet gives a URL to download the file as an attachment, never to show it, for 1 s to 7 days.
func (s *Store) SignGet(ctx context.Context, key string, ttl time.Duration) (string, error) {
	answer := url.Values{}
	answer.Set("response-content-disposition", attachment.Disposition(key))
	answer.Set("response-content-type", attachment.DownloadType(key))
	answer.Set("response-cache-control", "private, no-store")
	return s.sign(ctx, http.MethodGet, key, ttl, answer, nil)
}

func (s *Store) sign(
	ctx context.Context, method, key string, ttl time.Duration, query url.Values, bound http.Header,
) (string, error) {
	if err := attachment.CheckKey(key); err != nil {
		return "", err
	}
	link, err := s.signer.PresignHeader(ctx, method, s.bucket, key, ttl, query, bound)
	if err != nil {
		return "", failure(err)
	}
	return link.String(), nil
}

// Stat describes the file; apierr.NotFound when nothing was uploaded.
func (s *Store) Stat(ctx context.Context, key string) (attachment.Object, error) {
	if err := attachment.CheckKey(key); err != nil {
		return attachment.Object{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	info, err := s.s3.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return attachment.Object{}, failure(err)
	}
	return attachment.Object{Size: info.Size, ContentType: info.ContentType}, nil
}

// Delete removes the file; one that is gone already is no error.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := attachment.CheckKey(key); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return failure(s.s3.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{}))
}

// failure tells what an error of the client means: nothing there, S3 away, or S3 refusing what we ask, which is our fault.
func failure(err error) error {
	if err == nil {
		return nil
	}
	var refused minio.ErrorResponse
	if !errors.As(err, &refused) {
		return apierr.Away(err)
	}
	switch {
	case refused.Code == minio.NoSuchKey:
		return apierr.Missing("attachment")
	case refused.StatusCode >= 500, refused.StatusCode == http.StatusTooManyRequests, refused.StatusCode == http.StatusRequestTimeout:
		return apierr.Away(err)
	}
	return fmt.Errorf("s3store: %s: %w", refused.Code, err)
}
