package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/heard-dev/heard/pkg/platform"
	"github.com/heard-dev/heard/pkg/secret"
	"github.com/heard-dev/heard/pkg/store/diskstore"
)

// keys are the installation's keys and the one that signs links to files. They lie beside the data they protect, because
// a laptop has no better place; the networked shape takes its own from the environment.
type keys struct {
	platform.Keys
	files []byte
}

func loadKeys(dir string) (keys, error) {
	fresh := []func() (secret.String, error){secret.NewKeysetJSON, newHexKey, newHexKey, newHexKey}
	var found [4]secret.String
	var faults [4]error
	var loading sync.WaitGroup
	for n, name := range KeyNames() {
		loading.Go(func() { found[n], faults[n] = loadOrMake(filepath.Join(dir, name), fresh[n]) })
	}
	loading.Wait()
	if err := errors.Join(faults[:]...); err != nil {
		return keys{}, err
	}
	keyset, hash, sessions, files := found[0], found[1], found[2], found[3]
	signing, err := hex.DecodeString(files.Reveal())
	if err != nil || len(signing) != diskstore.KeySize {
		return keys{}, fmt.Errorf("files.key must be %d hex digits", 2*diskstore.KeySize)
	}
	return keys{Keys: platform.Keys{Keyset: keyset, HashKey: hash, SessionKeys: sessions}, files: signing}, nil
}

// Random is where the secrets of an installation come from.
func Random() io.Reader { return rand.Reader }

func newHexKey() (secret.String, error) {
	var key [32]byte
	_, err := rand.Read(key[:])
	return secret.String(hex.EncodeToString(key[:])), err
}

// loadOrMake reads a secret from its file, or makes both. Nothing half-written is ever read: the file gets its name last.
func loadOrMake(path string, fresh func() (secret.String, error)) (secret.String, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return secret.String(strings.TrimSpace(string(text))), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read a key: %w", err)
	}
	made, err := fresh()
	if err != nil {
		return "", err
	}
	return made, WriteFile(path, []byte(made.Reveal()+"\n"))
}

// WriteFile writes a file that only its owner may read, whole or not at all.
func WriteFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(file.Name()))
	}
	return nil
}
