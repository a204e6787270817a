package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook"
)

// TestServeDrains sends SIGTERM while a delivery is being stored: it is stored and
// answered, and new connections are refused.
func TestServeDrains(t *testing.T) {
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	defer stop()
	box := &inbox{seen: make(chan struct{}), block: make(chan struct{})}
	e := newEdge(t, func(c *webhook.Config) { c.Inbox, c.Log = box, nil })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- webhook.Serve(ctx, l, e, nil) }()

	answered := make(chan string, 1)
	go func() { answered <- send("http://" + l.Addr().String() + "/webhook") }()
	<-box.seen
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // until the listener is closed
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	select {
	case err := <-served:
		t.Fatalf("ended before the delivery was stored: %v", err)
	default:
	}
	close(box.block)
	if got := <-answered; !strings.HasPrefix(got, "202 ") {
		t.Errorf("answer %s", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// send posts a delivery and returns the status and body of the answer.
func send(url string) string {
	r := request("pull_request", guid, opened)
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(opened))
	if err != nil {
		return err.Error()
	}
	req.Header = r.Header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprint(resp.StatusCode, " ", string(body), err)
}

// TestServeFails returns what the listener says.
func TestServeFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := webhook.Serve(context.Background(), l, http.NotFoundHandler(), nil); gitops.CodeOf(err) != gitops.Unavailable {
		t.Errorf("error %v", err)
	}
}
