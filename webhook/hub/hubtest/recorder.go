package hubtest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"unicode/utf16"
)

// Recorder is a proxy that stands between a browser and everything else, lets it
// reach this machine only, and keeps every byte that the browser sends and gets.
type Recorder struct {
	// URL is what the browser is given as its proxy, for loopback addresses too.
	URL string

	mu sync.Mutex
	b  bytes.Buffer
}

// NewRecorder starts a recorder, until the test ends.
func NewRecorder(t testing.TB) *Recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Recorder{URL: "http://" + l.Addr().String()}
	quiet := log.New(&bytes.Buffer{}, "", 0) // of requests that the browser gave up
	proxy := &httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}, ErrorLog: quiet}
	srv := &http.Server{ErrorLog: quiet, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Hostname() != "127.0.0.1" { // the browser's own calls
			http.Error(w, "only this machine", http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, req)
	})}
	go func() { _ = srv.Serve(recordedListener{l, r}) }()
	t.Cleanup(func() { _ = srv.Close() })
	return r
}

// Shows tells in which form a text is among what was recorded, as [Shows] does.
func (r *Recorder) Shows(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Shows(r.b.Bytes(), text)
}

// Shows tells in which form a text is in data: as it is or in a usual encoding; ""
// when it is not.
func Shows(data []byte, text string) string {
	for name, form := range encodings(text) {
		if bytes.Contains(data, form) {
			return name
		}
	}
	return ""
}

// encodings are the forms in which a text may be found, by name.
func encodings(text string) map[string][]byte {
	var wide []byte
	for _, c := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(c), byte(c>>8))
	}
	out := map[string][]byte{"as it is": []byte(text), "hex": []byte(hex.EncodeToString([]byte(text))), "UTF-16": wide, "escaped": []byte(url.QueryEscape(text))}
	for shift := range 3 { // where the text begins among the groups of three bytes
		coded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
		out[fmt.Sprint("base64, shifted by ", shift)] = []byte(coded[4 : len(coded)-4])
	}
	return out
}

type recordedListener struct {
	net.Listener
	r *Recorder
}

// Accept implements [net.Listener].
func (l recordedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return recordedConn{c, l.r}, err
}

type recordedConn struct {
	net.Conn
	r *Recorder
}

// Read keeps what comes in.
func (c recordedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.r.add(p[:n])
	return n, err
}

// Write keeps what goes out.
func (c recordedConn) Write(p []byte) (int, error) {
	c.r.add(p)
	return c.Conn.Write(p)
}

func (r *Recorder) add(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.b.Write(p)
}
