package httpapi

import (
	"time"

	"github.com/heard-dev/heard/pkg/auth"
	"github.com/heard-dev/heard/pkg/core/manage"
	"github.com/heard-dev/heard/pkg/core/tenant"
	"github.com/heard-dev/heard/pkg/dialect/userz"
	"github.com/heard-dev/heard/pkg/secret"
)

type appsOut struct{ Body appList }

type appList struct {
	Data []App `json:"data" nullable:"false"`
}

type appOut struct{ Body App }

// App is an App as the API shows it. It is exported for huma, like all that is embedded.
type App struct {
	ID               string   `json:"id"`
	Slug             string   `json:"slug"`
	Name             string   `json:"name"`
	Description      string   `json:"description"`
	PublicKey        string   `json:"publicKey"`
	PublicSubmission bool     `json:"publicSubmissionEnabled"`
	ProcessingMode   string   `json:"processingMode" enum:"auto_pr,manual,no_pr"`
	BatchEnabled     bool     `json:"batchEnabled"`
	BatchWindowHours int      `json:"batchWindowHours"`
	AllowedOrigins   []string `json:"allowedOrigins" nullable:"false"`
	CreatedAt        string   `json:"createdAt" format:"date-time"`
}

type createdAppOut struct{ Body createdApp }

type createdApp struct {
	App
	SigningSecret string `json:"signingSecret" doc:"64 hex digits, shown this once."`
}

type createAppIn struct{ Body appDraft }

type appDraft struct {
	Slug             string                `json:"slug" pattern:"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" patternDescription:"1 to 63 lower-case letters, digits and inner hyphens"`
	Name             string                `json:"name" minLength:"1" maxLength:"200"`
	Description      string                `json:"description,omitempty" maxLength:"2000"`
	PublicSubmission bool                  `json:"publicSubmissionEnabled,omitempty" default:"false" doc:"Whether anybody may submit, without a user token."`
	ProcessingMode   tenant.ProcessingMode `json:"processingMode,omitempty" enum:"auto_pr,manual,no_pr" default:"manual"`
	BatchEnabled     bool                  `json:"batchEnabled,omitempty" default:"false"`
	BatchWindowHours int                   `json:"batchWindowHours,omitempty" minimum:"1" maximum:"720" default:"24"`
	AllowedOrigins   []string              `json:"allowedOrigins,omitempty" nullable:"false" maxItems:"100" doc:"Of pages that may submit, such as https://example.com; empty for all."`
}

// Check names what the schema cannot say: origins, and names that are blank.
func (in *createAppIn) Check(auth.Principal) error { return in.draft().Check() }

func (in *createAppIn) draft() manage.AppDraft {
	said := in.Body
	return manage.AppDraft{
		Slug: said.Slug, Name: said.Name, Description: said.Description, PublicSubmission: said.PublicSubmission,
		ProcessingMode: said.ProcessingMode, BatchEnabled: said.BatchEnabled, BatchWindowHours: said.BatchWindowHours,
		AllowedOrigins: said.AllowedOrigins,
	}
}

type updateAppIn struct {
	ID   string `path:"id"`
	Body appUpdate
}

type appUpdate struct {
	Name             *string                `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Description      *string                `json:"description,omitempty" maxLength:"2000"`
	PublicSubmission *bool                  `json:"publicSubmissionEnabled,omitempty"`
	ProcessingMode   *tenant.ProcessingMode `json:"processingMode,omitempty" enum:"auto_pr,manual,no_pr"`
	BatchEnabled     *bool                  `json:"batchEnabled,omitempty"`
	BatchWindowHours *int                   `json:"batchWindowHours,omitempty" minimum:"1" maximum:"720"`
	AllowedOrigins   *[]string              `json:"allowedOrigins,omitempty" nullable:"false" maxItems:"100"`
}

// Check names what the schema cannot say: origins, and names that are blank.
func (in *updateAppIn) Check(auth.Principal) error { return in.change().Check() }

func (in *updateAppIn) change() manage.AppChange { return manage.AppChange(in.Body) }

type rotateSecretIn struct {
	ID   string `path:"id"`
	Body secretRotation
}

type secretRotation struct {
	OverlapSeconds int           `json:"overlapSeconds,omitempty" minimum:"0" maximum:"2592000" default:"0" doc:"For how long tokens of the former secret still verify."`
	Secret         secret.String `json:"secret,omitempty" minLength:"1" maxLength:"1024" doc:"One that your backend signs with already, as hex, base64 or text; drawn at random without."`
}

type secretsOut struct{ Body secretList }

type secretList struct {
	Data       []SigningSecret `json:"data" nullable:"false"`
	NextCursor *string         `json:"nextCursor" doc:"null: all are here."`
}

// SigningSecret is a signing secret as the API shows it: everything but the secret.
type SigningSecret struct {
	ID         string  `json:"id" doc:"The kid of the tokens that Heard mints."`
	CreatedAt  string  `json:"createdAt" format:"date-time"`
	NotAfter   *string `json:"notAfter" format:"date-time" doc:"null for the present one; a former one verifies until then."`
	LastUsedAt *string `json:"lastUsedAt" format:"date-time" doc:"The first use at once, later ones within a minute."`
}

type rotatedSecretOut struct{ Body rotatedSecret }

type rotatedSecret struct {
	SigningSecret
	Plain string `json:"signingSecret" doc:"64 hex digits, shown this once."`
}

func appAnswer(a tenant.App, err error) (*appOut, error) {
	if err != nil {
		return nil, err
	}
	return &appOut{Body: appView(a)}, nil
}

func appView(a tenant.App) App {
	return App{
		ID: a.ID.String(), Slug: a.Slug, Name: a.Name, Description: a.Description, PublicKey: a.PublicKey,
		PublicSubmission: a.PublicSubmission, ProcessingMode: string(a.ProcessingMode),
		BatchEnabled: a.BatchEnabled, BatchWindowHours: a.BatchWindowHours,
		AllowedOrigins: append([]string{}, a.AllowedOrigins...), CreatedAt: userz.Time(a.CreatedAt),
	}
}

func secretView(s tenant.SigningSecret, used time.Time) SigningSecret {
	return SigningSecret{ID: s.ID.String(), CreatedAt: userz.Time(s.CreatedAt), NotAfter: moment(s.NotAfter), LastUsedAt: moment(used)}
}
