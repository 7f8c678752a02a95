package embedded

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
	keyset, errKeyset := loadOrMake(filepath.Join(dir, keysetName), secret.NewKeysetJSON)
	hash, errHash := loadOrMake(filepath.Join(dir, hashName), newHexKey)
	sessions, errSessions := loadOrMake(filepath.Join(dir, sessionsName), newHexKey)
	files, errFiles := loadOrMake(filepath.Join(dir, filesKeyName), newHexKey)
	if err := errors.Join(errKeyset, errHash, errSessions, errFiles); err != nil {
		return keys{}, err
	}
	signing, err := hex.DecodeString(files.Reveal())
	if err != nil || len(signing) != diskstore.KeySize {
		return keys{}, fmt.Errorf("files.key must be %d hex digits", 2*diskstore.KeySize)
	}
	return keys{Keys: platform.Keys{Keyset: keyset, HashKey: hash, SessionKeys: sessions}, files: signing}, nil
}

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
