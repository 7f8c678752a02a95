// Command images makes Heard's container images: archives, or with -push what a registry holds.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/heard-dev/heard/hack/images"
	"github.com/heard-dev/heard/hack/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "images: "+err.Error()) //nolint:errcheck // nobody reads what standard error refuses
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	registry := flag.String("registry", "localhost/heard-dev", "what stands before heard-PROGRAM in a name")
	tag := flag.String("tag", "dev", "what stands after it")
	architectures := flag.String("arch", runtime.GOARCH, "architectures, separated by commas")
	base := flag.String("base", "", "an image to stand on, by name or as an archive: for development")
	push := flag.Bool("push", false, "send the images to the registry")
	flag.Parse()
	root, err := stack.Root()
	if err != nil {
		return err
	}
	programs := flag.Args()
	if len(programs) == 0 {
		programs = images.Programs()
	}
	options := images.Options{
		Registry: *registry, Tag: *tag, Architectures: strings.Split(*architectures, ","), Dir: filepath.Join(root, "bin", "images"), Version: *tag, Base: *base,
	}
	for _, program := range programs {
		made, err := images.Make(ctx, options, program)
		if err == nil && *push {
			err = made.Push(ctx)
		}
		if err != nil {
			return err
		}
		fmt.Printf("%-50s %5.1f MB  %s\n", made.Name, float64(made.Bytes)/1e6, made.Digest)
	}
	return nil
}
