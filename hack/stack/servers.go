package stack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/redis/go-redis/v9"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Servers are what a split Heard keeps its data on, and the names that are its own there.
type Servers struct {
	MongoURI, MongoDatabase              string
	RedisURL, RedisPrefix                string
	S3Endpoint, S3AccessKey, S3SecretKey string
	S3Bucket                             string
}

// ServersFromEnv reads the variables MONGO_URI, REDIS_URL, S3_ENDPOINT and so on that have this prefix, and tells which of
// those that must be set are not. The names are optional.
func ServersFromEnv(prefix string) (s Servers, missing []string) {
	for _, field := range s.fields() {
		name := prefix + field.name
		if *field.value = os.Getenv(name); *field.value == "" && field.needed {
			missing = append(missing, name)
		}
	}
	return s, missing
}

type serverField struct {
	name   string
	value  *string
	needed bool
}

func (s *Servers) fields() []serverField {
	return []serverField{
		{"MONGO_URI", &s.MongoURI, true},
		{"MONGO_DATABASE", &s.MongoDatabase, false},
		{"REDIS_URL", &s.RedisURL, true},
		{"REDIS_PREFIX", &s.RedisPrefix, false},
		{"S3_ENDPOINT", &s.S3Endpoint, true},
		{"S3_ACCESS_KEY", &s.S3AccessKey, true},
		{"S3_SECRET_KEY", &s.S3SecretKey, true},
		{"S3_BUCKET", &s.S3Bucket, false},
	}
}

func (s Servers) environ() []string {
	var pairs []string
	for _, field := range s.fields() {
		pairs = append(pairs, "HEARD_"+field.name+"="+*field.value)
	}
	return pairs
}

// named gives every name that is missing, and what of the servers has a new name only.
func (s Servers) named() (all, fresh Servers) {
	all, name := s, strings.ToLower(rand.Text())
	if s.MongoDatabase == "" {
		all.MongoDatabase = "heard_test_" + name
		fresh.MongoURI, fresh.MongoDatabase = all.MongoURI, all.MongoDatabase
	}
	if s.RedisPrefix == "" {
		all.RedisPrefix = "heard-test:" + name + ":"
		fresh.RedisURL, fresh.RedisPrefix = all.RedisURL, all.RedisPrefix
	}
	if s.S3Bucket == "" {
		all.S3Bucket = "heard-test-" + name
		fresh.S3Endpoint, fresh.S3AccessKey, fresh.S3SecretKey, fresh.S3Bucket = all.S3Endpoint, all.S3AccessKey, all.S3SecretKey, all.S3Bucket
	}
	return all, fresh
}

// Drop removes the database, the keys below the prefix and the bucket, where they are named.
func (s Servers) Drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var faults error
	if s.MongoDatabase != "" {
		faults = errors.Join(faults, s.dropDatabase(ctx))
	}
	if s.RedisPrefix != "" {
		faults = errors.Join(faults, s.dropKeys(ctx))
	}
	if s.S3Bucket != "" {
		faults = errors.Join(faults, s.dropBucket(ctx))
	}
	return faults
}

func (s Servers) dropDatabase(ctx context.Context) error {
	client, err := mongo.Connect(options.Client().ApplyURI(s.MongoURI))
	if err != nil {
		return fmt.Errorf("stack: drop the database: %w", err)
	}
	return errors.Join(client.Database(s.MongoDatabase).Drop(ctx), client.Disconnect(ctx))
}

func (s Servers) dropKeys(ctx context.Context) error {
	parsed, err := redis.ParseURL(s.RedisURL)
	if err != nil {
		return fmt.Errorf("stack: drop the keys: %w", err)
	}
	client := redis.NewClient(parsed)
	defer client.Close() //nolint:errcheck // its work is done
	scan := client.Scan(ctx, 0, s.RedisPrefix+"*", 1000).Iterator()
	for scan.Next(ctx) {
		if err := client.Unlink(ctx, scan.Val()).Err(); err != nil {
			return fmt.Errorf("stack: drop the keys: %w", err)
		}
	}
	return scan.Err()
}

func (s Servers) dropBucket(ctx context.Context) error {
	endpoint, err := url.Parse(s.S3Endpoint)
	if err != nil {
		return errors.New("stack: drop the bucket: the endpoint is no URL")
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: credentials.NewStaticV4(s.S3AccessKey, s.S3SecretKey, ""), Secure: endpoint.Scheme == "https",
	})
	if err != nil {
		return fmt.Errorf("stack: drop the bucket: %w", err)
	}
	if exists, err := client.BucketExists(ctx, s.S3Bucket); err != nil || !exists {
		return err
	}
	return client.RemoveBucketWithOptions(ctx, s.S3Bucket, minio.RemoveBucketOptions{ForceDelete: true})
}
