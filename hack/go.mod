// Tools and proofs around Heard. Outside go.work, so that what they need never weighs on the product: GOWORK=off go -C hack …
module github.com/heard-dev/heard/hack

go 1.26.0

require (
	github.com/heard-dev/heard/pkg v0.0.0
	github.com/heard-dev/heard/services/attachments v0.0.0
	github.com/heard-dev/heard/services/ingest v0.0.0
	github.com/heard-dev/heard/services/keys v0.0.0
	github.com/heard-dev/heard/services/read v0.0.0
	github.com/heard-dev/heard/services/token v0.0.0
)

replace (
	github.com/heard-dev/heard/pkg => ../pkg
	github.com/heard-dev/heard/services/attachments => ../services/attachments
	github.com/heard-dev/heard/services/ingest => ../services/ingest
	github.com/heard-dev/heard/services/keys => ../services/keys
	github.com/heard-dev/heard/services/read => ../services/read
	github.com/heard-dev/heard/services/token => ../services/token
)
