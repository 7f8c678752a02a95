package cli

import "net/http"

func members() noun {
	return noun{"member", "Manage the members of your organisation", []verb{
		{
			name: "list", short: "List the members", method: http.MethodGet, path: "/v1/members", flags: paging(),
			columns: []string{"id", "email", "name", "role", "status", "twoFactorEnabled", "createdAt"},
		},
		{name: "show", short: "Show a member", method: http.MethodGet, path: "/v1/members/{id}", args: byID("MEMBER", membersByEmail)},
		{
			name: "update", short: "Change a member", method: http.MethodPatch, path: "/v1/members/{id}", args: byID("MEMBER", membersByEmail),
			flags: []param{
				{flag: "email", field: "email", usage: "e-mail address"},
				{flag: "name", field: "name", usage: "name for people"},
				role(false),
				{flag: "status", field: "status", usage: "active or suspended", choices: []string{"active", "suspended"}},
			},
		},
		{
			name: "reset-access", short: "Let a member in again who lost a password or a second factor; the password is shown once",
			method: http.MethodPost, path: "/v1/members/{id}/reset-access", args: byID("MEMBER", membersByEmail),
		},
		{
			name: "remove", short: "End a membership, with its log-ins and the rights of its keys", method: http.MethodDelete,
			path: "/v1/members/{id}", args: byID("MEMBER", membersByEmail),
		},
	}}
}

func role(required bool) param {
	return param{
		flag: "role", field: "role", usage: "owner, admin or member", required: required, choices: []string{"owner", "admin", "member"},
	}
}

func invitations() noun {
	return noun{"invitation", "Invite people to your organisation", []verb{
		{name: "create", short: "Invite a person; the token to pass on is shown once", method: http.MethodPost, path: "/v1/invitations", flags: []param{
			{flag: "email", field: "email", usage: "whom to invite", required: true}, role(true),
		}},
		{
			name: "list", short: "List the invitations that are open", method: http.MethodGet, path: "/v1/invitations",
			columns: []string{"id", "email", "role", "invitedBy", "createdAt", "expiresAt"},
		},
		{
			name: "withdraw", short: "Take an invitation back", method: http.MethodDelete, path: "/v1/invitations/{id}",
			args: byID("INVITATION", invitationsByEmail),
		},
		{
			name: "accept", short: "Become a member, with the token of an invitation", method: http.MethodPost, path: "/v1/invitations/accept",
			args:  []argument{{field: "token", shown: "TOKEN"}},
			flags: []param{{flag: "name", field: "name", usage: "your name", required: true}}, stdin: &password, open: true,
		},
	}}
}

func twoFactor() noun {
	code := param{flag: "code", field: "code", usage: "a code of the app, or a recovery code"}
	return noun{"two-factor", "Manage the second factor of your own log-in", []verb{
		{name: "enroll", short: "Draw a secret for an authenticator app", method: http.MethodPost, path: "/v1/two-factor/enroll"},
		{
			name: "enable", short: "Ask for the second factor from now on; recovery codes are shown once", method: http.MethodPost,
			path: "/v1/two-factor/enable", args: []argument{{field: "code", shown: "CODE"}},
		},
		{
			name: "disable", short: "Let the password alone log in again", method: http.MethodPost, path: "/v1/two-factor/disable",
			flags: []param{code}, stdin: &password,
		},
	}}
}

func erasures() noun {
	return noun{"erasure", "Erase what belongs to an end user", []verb{
		{
			name: "request", short: "Erase everything of an end user", method: http.MethodDelete, path: "/v1/end-users/{externalUserId}",
			args: []argument{{field: "externalUserId", shown: "USER"}},
			flags: []param{
				{flag: "app", field: "appId", usage: "in this App alone, by slug or id", names: appsBySlug},
				{flag: "email", field: "email", usage: "and what was said under this address"},
			},
			warning: "Everything of this end user is erased for good",
		},
		{
			name: "list", short: "List what was erased and what is being erased, newest first", method: http.MethodGet, path: "/v1/erasures",
			columns: []string{"id", "type", "status", "requestedBy", "requestedAt", "dueAt", "doneAt", "receipt.feedback", "receipt.attachments", "receipt.records"},
		},
		{name: "show", short: "Show an erasure, with its receipt once it is done", method: http.MethodGet, path: "/v1/erasures/{id}", args: byID("ID", nil)},
	}}
}
