// Package httpapi is how attachments is spoken to.
package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/heard-dev/heard/pkg/apierr"
	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/attachment"
	"github.com/heard-dev/heard/pkg/core/gate"
	"github.com/heard-dev/heard/pkg/httpkit"
	"github.com/heard-dev/heard/services/attachments/internal/upload"
)

// maxRequest is far more than a reservation takes, in bytes.
const maxRequest = 4 << 10

// Userz adds the native routes.
func Userz(api *httpkit.API, uploader *upload.Uploader) {
	httpkit.Handle(api, httpkit.Route{
		Method: http.MethodPost, Path: "/v1/feedback/upload-url", ID: "createUploadUrl", Tag: "Feedback", Status: http.StatusOK,
		Summary: "Reserve a place for an attachment",
		Notes: "`PUT` the file to `uploadUrl` with the same Content-Type and exactly `byteSize` bytes, then cite `key` in a submission " +
			"within 24 hours. A file that is not cited by then is removed.",
		Door:    httpkit.Widget(auth.Budget{Address: gate.AttachmentsByIP(), User: gate.AttachmentsByUser()}),
		MaxBody: maxRequest,
		Errors: []httpkit.Fault{
			{Kind: apierr.Invalid, Code: apierr.CodeInvalidQuery, When: "there is a query parameter; none is known"},
			{Kind: apierr.TooLarge, Code: apierr.CodePayloadTooLarge, When: "byteSize is over 15 MB"},
		},
	}, func(ctx context.Context, caller auth.Principal, in *uploadIn) (*uploadOut, error) {
		said := in.Body
		ticket, err := uploader.Reserve(ctx, caller.Org.ID, caller.App.ID, attachment.Kind(said.Kind), said.ContentType, said.ByteSize)
		if err != nil {
			return nil, err
		}
		return &uploadOut{Body: uploadTicket{
			Key: ticket.Slot.Key, UploadURL: ticket.URL, ExpiresInSeconds: int(attachment.UploadTTL / time.Second),
		}}, nil
	})
}

type uploadIn struct {
	Body uploadRequest
}

// Check names what the schema leaves to the core, because alone it is a 413: a file that is too large.
func (in *uploadIn) Check(auth.Principal) error {
	said := in.Body
	return apierr.Body(attachment.CheckFile(attachment.Kind(said.Kind), said.ContentType, said.ByteSize)...)
}

type uploadRequest struct {
	ContentType string `json:"contentType" maxLength:"255" pattern:"^[A-Za-z]+/[A-Za-z0-9.+-]+$"`
	ByteSize    int64  `json:"byteSize" minimum:"1" doc:"At most 15 MB (15728640)."`
	Kind        string `json:"kind" enum:"screenshot,annotated,attachment"`
}

type uploadOut struct{ Body uploadTicket }

type uploadTicket struct {
	Key              string `json:"key"`
	UploadURL        string `json:"uploadUrl"`
	ExpiresInSeconds int    `json:"expiresInSeconds"`
}
