package cli

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/config"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/platform/networked"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/services/heard/internal/demo"
	"github.com/heard-dev/heard/services/heard/internal/embedded"
	"github.com/heard-dev/heard/services/heard/internal/kubesecret"
)

// What the jobs of a Helm release do. They may be killed at any moment, and then run again.

func kubeSecretFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "kube-secret", "", "in a pod: the Secret that takes what was made, instead of showing it")
}

func (c *cli) kubeSecret(name string) (*kubesecret.Secret, error) {
	environ := map[string]string{}
	for _, pair := range c.environ {
		variable, value, _ := strings.Cut(pair, "=")
		environ[variable] = value
	}
	return kubesecret.Own(environ, name)
}

// bootstrapInto is bootstrap, once: the Secret remembers how far it came. The password is kept before the owner has it, and
// the key is what ends it.
func (c *cli) bootstrapInto(ctx context.Context, i installation, draft manage.OrgDraft, email, name string) error {
	kept, err := c.kubeSecret(name)
	if err != nil {
		return err
	}
	have, err := kept.Read(ctx)
	if err != nil || len(have["key"]) > 0 {
		return err
	}
	org, err := operatorsOrg(ctx, i, draft)
	if err != nil {
		return err
	}
	password := secret.String(have["password"])
	if password == "" {
		if err := unowned(ctx, i, org); err != nil {
			return err
		}
		password = manage.NewPassword(i.Random)
		entries := map[string][]byte{
			"org": []byte(org.Slug), "orgId": []byte(org.ID.String()), "email": []byte(email), "password": []byte(password.Reveal()),
		}
		if err := kept.Write(ctx, entries); err != nil {
			return err
		}
	}
	made, err := equip(ctx, i, org, email, password)
	key := secret.String(made.Key)
	if err != nil && apierr.KindOf(err) == apierr.Conflict { // the owner was made before this attempt
		key, err = bootstrapKey(ctx, i, org)
	}
	if err != nil {
		return err
	}
	return kept.Write(ctx, map[string][]byte{"key": []byte(key.Reveal())})
}

// demoInto makes the demo as the Secret remembers it.
func (c *cli) demoInto(ctx context.Context, i installation, dir, base, name string) error {
	kept, err := c.kubeSecret(name)
	if err != nil {
		return err
	}
	have, err := kept.Read(ctx)
	if err != nil {
		return err
	}
	if former := have[demo.File]; len(former) > 0 {
		if err := os.WriteFile(filepath.Join(dir, demo.File), former, 0o600); err != nil {
			return err
		}
	}
	d, err := demo.Ensure(ctx, i.Platform, dir, base, nil)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return kept.Write(ctx, map[string][]byte{demo.File: text, "key": []byte(d.Keys["userz"]), "publicKey": []byte(d.Apps[0].PublicKey)})
}

func (c *cli) migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database to what this version wants, before its services start", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !c.networked() {
				return errors.New("HEARD_MONGO_URI names no database; embedded stores are brought up to date when they are opened")
			}
			cfg, err := config.Load[networked.Stores](c.environ)
			if err != nil {
				return err
			}
			return networked.Migrate(cmd.Context(), cfg)
		},
	}
}

func (c *cli) keys() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use: "keys", Short: "Print the Secret with the keys of a new installation, for kubectl create", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			keyset, err := secret.NewKeysetJSON()
			if err != nil {
				return err
			}
			var hash, session [32]byte
			for _, key := range [][]byte{hash[:], session[:]} {
				if _, err := io.ReadFull(embedded.Random(), key); err != nil {
					return err
				}
			}
			manifest := map[string]any{
				"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": name},
				"stringData": map[string]string{
					"keyset": keyset.Reveal(), "hashKey": hex.EncodeToString(hash[:]), "sessionKeys": hex.EncodeToString(session[:]),
				},
			}
			encoder := json.NewEncoder(c.out)
			encoder.SetIndent("", "  ")
			return encoder.Encode(manifest)
		},
	}
	cmd.Flags().StringVar(&name, "name", "heard-keys", "the Secret's name")
	return cmd
}
