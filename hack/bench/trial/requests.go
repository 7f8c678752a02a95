package trial

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/heard-dev/heard/hack/bench/load"
	"github.com/heard-dev/heard/hack/bench/subject"
	"github.com/heard-dev/heard/pkg/core/feedback"
)

// Submission is a POST as a widget's page makes it.
func Submission(doors subject.Doors) load.Request {
	return load.Request{Status: http.StatusCreated, Bytes: fmt.Appendf(nil, "POST /v1/feedback HTTP/1.1\r\nHost: api.example\r\n"+
		"Authorization: Bearer %s\r\nContent-Type: application/json\r\nAccept: */*\r\nOrigin: https://app.shop.example\r\n"+
		"User-Agent: %s\r\nContent-Length: %d\r\n\r\n%s", doors.PublicKey, subject.UserAgent, len(subject.Body), subject.Body)}
}

// Events is a POST of so many events, or of one alone, as a customer's backend makes it.
func Events(doors subject.Doors, n int) load.Request {
	path, body := "/v1/event", subject.Event
	if n > 1 {
		path, body = "/v1/events", `{"events":[`+strings.TrimSuffix(strings.Repeat(subject.Event+",", n), ",")+`]}`
	}
	return load.Request{Status: http.StatusOK, Bytes: fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: api.example\r\n"+
		"Authorization: Bearer %s\r\nContent-Type: application/json\r\nUser-Agent: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, doors.EventKey, subject.UserAgent, len(body), body)}
}

// Board is a GET of fifty items of all boards in an order.
func Board(order feedback.Sort) load.Request {
	return load.Request{Status: http.StatusOK, Bytes: fmt.Appendf(nil, "GET %s?sort=%s HTTP/1.1\r\nHost: api.example\r\n\r\n",
		subject.BoardPath, order)}
}

// List is a GET of fifty items as an Org's backend makes it; selection goes on from there, such as "&status=queued".
func List(doors subject.Doors, selection string) load.Request {
	return load.Request{Status: http.StatusOK, Bytes: fmt.Appendf(nil, "GET /v1/feedback?limit=50%s HTTP/1.1\r\nHost: api.example\r\n"+
		"Authorization: Bearer %s\r\nAccept: application/json\r\nUser-Agent: @userz-ai/api/0.1.0\r\n\r\n", selection, doors.SecretKey)}
}
