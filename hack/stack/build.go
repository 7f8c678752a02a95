// Package stack starts Heard as processes, all in one or split, for people, tests and proofs.
package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/heard-dev/heard/hack/front"
)

// AllInOneProgram is the all-in-one, and the command line that manages every shape.
const AllInOneProgram = "heard"

// Root is the folder of the repository that the working directory lies in.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("stack: this is not a checkout of Heard: no go.work in any folder above")
		}
	}
}

// Build compiles programs of Heard into a folder, all six unless some are named, anew only where something changed.
func Build(ctx context.Context, dir string, programs ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	dir, err = filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return err
	}
	args := []string{"build", "-tags", "nomsgpack", "-o", dir + string(filepath.Separator)}
	if len(programs) == 0 {
		programs = append(front.Services(), AllInOneProgram)
	}
	for _, name := range programs {
		args = append(args, "./services/"+name+"/cmd/"+name)
	}
	build := exec.CommandContext(ctx, "go", args...)
	build.Dir = root
	// In the same folder go can rename what it has linked, so that nobody ever sees, or runs, half a program.
	build.Env = append(os.Environ(), "GOWORK="+filepath.Join(root, "go.work"), "GOTMPDIR="+dir)
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("stack: build Heard: %w\n%s", err, said)
	}
	return nil
}
