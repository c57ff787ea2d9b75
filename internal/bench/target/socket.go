package target

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/fasthttp/websocket"
)

// Socket is a realtime connection of a person. One goroutine reads it.
type Socket struct {
	ws    *websocket.Conn
	frame bytes.Buffer // the latest one; owned by who reads

	mu sync.Mutex // one writer at a time
}

// Dial opens a socket. Sockets that are numbered differently may come from different loopback addresses.
func (p *Person) Dial(ctx context.Context, number int) (*Socket, error) {
	u := *p.server.base
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	u.Path = "/ws"
	dialer := websocket.Dialer{
		NetDialContext:   (&net.Dialer{LocalAddr: p.server.source(number)}).DialContext,
		HandshakeTimeout: patience,
		ReadBufferSize:   4096,
		WriteBufferSize:  1024,
	}
	ws, res, err := dialer.DialContext(ctx, u.String(), http.Header{"Authorization": {"Bearer " + p.token}})
	if err != nil {
		if res != nil {
			return nil, fmt.Errorf("open a socket: %w", &Refusal{Status: res.StatusCode, Code: http.StatusText(res.StatusCode), Detail: err.Error()})
		}
		return nil, fmt.Errorf("open a socket: %w", err)
	}
	return &Socket{ws: ws}, nil
}

// Send writes one event. The id asks for an ack.
func (s *Socket) Send(event string, id int64, data any) error {
	raw, err := json.Marshal(struct {
		Event string `json:"event"`
		ID    int64  `json:"id"`
		Data  any    `json:"data"`
	}{event, id, data})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ws.WriteMessage(websocket.TextMessage, raw)
}

// Read returns the next frame, which is good until the next call.
func (s *Socket) Read() ([]byte, error) {
	_, r, err := s.ws.NextReader()
	if err != nil {
		return nil, err
	}
	s.frame.Reset()
	_, err = s.frame.ReadFrom(r)
	return s.frame.Bytes(), err
}

// Close drops the connection; a reader comes back with an error.
func (s *Socket) Close() error { return s.ws.Close() }
