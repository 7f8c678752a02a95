package tenant_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/secret"
)

func TestPasswordsThatAnybodyWouldGuessAreRefused(t *testing.T) {
	passwords := tenant.NewPasswords(rand.Reader, 1)
	known := []string{"Ann.Summers@example.com", "Annabel Summerfield"}
	for password, code := range map[string]string{
		"short77": "too_small", "ééééééé": "too_small", strings.Repeat("ab1", 400): "too_big",
		"password": "too_weak", "password1": "too_weak", "Passw0rd!": "too_weak", "P@$$w0rd": "too_weak", "pa55word123": "too_weak",
		"12345678": "too_weak", "87654321": "too_weak", "1234567890": "too_weak", "qwertyuiop": "too_weak", "Qwertyuiop1!": "too_weak",
		"letmein1": "too_weak", "iloveyou": "too_weak", "!!welcome!!": "too_weak", "Summer2026": "too_weak", "admin123": "too_weak",
		"aaaaaaaa": "too_weak", "abababab": "too_weak", "12341234": "too_weak", "........": "too_weak",
		"ann.summers": "too_weak", "Ann.Summers@example.com": "too_weak", "annabel1": "too_weak", "Summerfield!": "too_weak",
		"securepassword123": "", "correct horse battery staple": "", "Tr0ub4dor&3": "", "ночнойдозор": "", "ann and a password": "",
		"hunter2hunter3": "", "dkjf83-lq": "",
	} {
		err := passwords.Check(secret.String(password), known...)
		if code == "" && err != nil {
			t.Errorf("%q is refused: %v", password, err)
		}
		if code == "" {
			continue
		}
		if e := apierr.Of(err); err == nil || e.Code != apierr.CodeInvalidBody || e.Issues[0].Code != code || e.Issues[0].Path[0] != "password" {
			t.Errorf("%q: %v", password, err)
		} else if strings.Contains(err.Error()+e.Issues[0].Message, password) {
			t.Errorf("%q is shown", password)
		}
	}
	if err := passwords.Check("annabel1"); err != nil {
		t.Errorf("a name that is not the owner's: %v", err)
	}
}

func TestOnlySoManyPasswordsAreHashedAtOnceAndNobodyWaitsInVain(t *testing.T) {
	passwords := tenant.NewPasswords(rand.Reader, 1)
	held, release := make(chan struct{}), make(chan struct{})
	busy := tenant.NewPasswords(reader(func(p []byte) (int, error) {
		close(held)
		<-release
		return rand.Read(p)
	}), 1)
	first := make(chan error, 1)
	go func() { _, err := busy.Hash(t.Context(), "correct horse"); first <- err }()
	<-held
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := busy.Hash(gone, "correct horse"); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("a second one hashes, too: %v", err)
	}
	if _, err := busy.Verify(gone, cheap, "password"); apierr.KindOf(err) != apierr.Unavailable {
		t.Errorf("a second one verifies: %v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if right, err := busy.Verify(t.Context(), cheap, "password"); err != nil || !right {
		t.Errorf("afterwards: %t, %v", right, err)
	}
	for password, want := range map[secret.String]bool{"password": true, "passw0rd": false, "": false} {
		if right, err := passwords.Verify(t.Context(), cheap, password); err != nil || right != want {
			t.Errorf("%t, %v", right, err)
		}
	}
}

type reader func(p []byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }
