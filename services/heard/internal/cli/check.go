package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/heard/internal/client"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
)

// checkApp is the App that checks submit to unless they are told another.
const checkApp = "heard-check"

func (c *cli) check() *cobra.Command {
	var slug, ingest, read string
	cmd := &cobra.Command{
		Use: "check", Short: "Say something to an App, and read it back: is everything there?", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			api, err := c.api()
			if err != nil {
				return err
			}
			public, err := ensureApp(ctx, api, slug)
			if err != nil {
				return fmt.Errorf("find or make the App %s: %w", slug, err)
			}
			base := cmp.Or(c.url, localURL)
			ingest, read = cmp.Or(ingest, base), cmp.Or(read, base)
			item, err := c.sayAndRead(ctx, public, ingest, read)
			if err != nil {
				return err
			}
			for _, service := range slices.Compact([]string{base, ingest, read}) {
				if err := whole(ctx, service); err != nil {
					return err
				}
			}
			fmt.Fprintf(c.out, "said and read back: %s\n", item) //nolint:errcheck // nobody reads
			return nil
		},
	}
	cmd.Flags().StringVar(&slug, "app", checkApp, "the App, which hears anybody; made where it is missing")
	cmd.Flags().StringVar(&ingest, "ingest-url", "", "where to submit, if not at --url")
	cmd.Flags().StringVar(&read, "read-url", "", "where to read, if not at --url")
	return cmd
}

// ensureApp gives the public key.
func ensureApp(ctx context.Context, api *client.Client, slug string) (secret.String, error) {
	type app struct{ Slug, PublicKey string }
	var listed struct{ Data []app }
	if err := get(ctx, api, client.Call{Method: http.MethodGet, Path: "/v1/apps"}, &listed); err != nil {
		return "", err
	}
	for _, a := range listed.Data {
		if a.Slug == slug {
			return secret.String(a.PublicKey), nil
		}
	}
	var made app
	err := get(ctx, api, client.Call{Method: http.MethodPost, Path: "/v1/apps", Body: map[string]any{
		"slug": slug, "name": "Heard's own check", "publicSubmissionEnabled": true,
	}}, &made)
	return secret.String(made.PublicKey), err
}

func (c *cli) sayAndRead(ctx context.Context, public secret.String, ingest, read string) (item string, err error) {
	submitting, err := client.New(ingest, client.Fixed(public))
	if err != nil {
		return "", err
	}
	var mark [8]byte
	if _, err := io.ReadFull(embedded.Random(), mark[:]); err != nil {
		return "", err
	}
	text := fmt.Sprintf("heard check %x", mark)
	var said struct{ ID string }
	if err := get(ctx, submitting, client.Call{Method: http.MethodPost, Path: "/v1/feedback", Body: map[string]string{"text": text}}, &said); err != nil {
		return "", fmt.Errorf("submit: %w", err)
	}
	reading, err := client.New(read, client.Fixed(c.token))
	if err != nil {
		return "", err
	}
	var shown struct{ Text string }
	if err := get(ctx, reading, client.Call{Method: http.MethodGet, Path: "/v1/feedback/" + said.ID}, &shown); err != nil {
		return "", fmt.Errorf("read: %w", err)
	}
	if shown.Text != text {
		return "", fmt.Errorf("%q was said, and %q is read", text, shown.Text)
	}
	return said.ID, nil
}

// whole refuses a service that serves, but not as it is meant to.
func whole(ctx context.Context, base string) error {
	api, err := client.New(base, client.Fixed(""))
	if err != nil {
		return err
	}
	var health struct{ Status string }
	if err := get(ctx, api, client.Call{Method: http.MethodGet, Path: "/readyz"}, &health); err != nil {
		return fmt.Errorf("is %s ready: %w", base, err)
	}
	if health.Status != "ok" {
		return fmt.Errorf("%s is %s: it keeps limits, and learns of revoked keys, without Redis; its log says why", base, health.Status)
	}
	return nil
}

func get(ctx context.Context, api *client.Client, call client.Call, into any) error {
	answer, err := api.Do(ctx, call)
	if err == nil {
		err = json.Unmarshal(answer, into)
	}
	return err
}
