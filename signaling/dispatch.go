package signaling

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"confab/internal/call"
	"confab/internal/fault"
	"confab/internal/limit"
	"confab/internal/wirejson"
)

// request is an event from a client, whatever wire it came by.
type request struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
	ID    json.RawMessage `json:"id"`
}

// entry is how one event is handled.
type entry struct {
	limit  string // the kind of rate limit that counts it
	handle handler
}

// handler runs one event. Its reply is the ack's data; nil becomes {}.
type handler func(ctx context.Context, sock *socket, data json.RawMessage) (reply any, err error)

// table maps events to their handlers.
type table map[string]entry

var errBinary = fault.New(fault.BadRequest, codeBinaryFrame, "only text frames are understood")

// newTable lists every event that a client may send.
func (s *Server) newTable() table {
	t := table{}
	s.addSocketEvents(t)
	s.addChatEvents(t)
	s.addCallEvents(t)
	return t
}

// on makes a handler from a function over its data, which is decoded and checked first.
func on[T any](fn func(ctx context.Context, sock *socket, data T) (any, error)) handler {
	return func(ctx context.Context, sock *socket, raw json.RawMessage) (any, error) {
		var data T
		if err := decode(raw, &data); err != nil {
			return nil, err
		}
		if c, ok := any(&data).(interface{ check() error }); ok {
			if err := c.check(); err != nil {
				return nil, err
			}
		}
		return fn(ctx, sock, data)
	}
}

// handle answers one frame.
func (s *Server) handle(sock *socket, raw []byte) {
	req, err := parse(raw)
	if err == nil {
		var reply any
		if reply, err = s.dispatch(sock, req); err == nil {
			if req.ID != nil {
				s.send(sock, ackReply{Event: eventAck, ID: req.ID, Data: reply})
			}
			return
		}
	}
	s.refuse(sock, req.ID, req.Event, err)
}

// dispatch finds and runs the event's handler. A panic in one is that event's failure and nobody else's.
func (s *Server) dispatch(sock *socket, req request) (reply any, err error) {
	e, ok := s.events[req.Event]
	if !ok {
		return nil, fault.New(fault.BadRequest, codeUnknownEvent, "there is no such event")
	}
	if err := s.allow(e.limit, string(sock.session.userID)); err != nil {
		return nil, err
	}
	if group := limit.ByNetwork(e.limit); group != "" {
		if err := s.allow(group, sock.network); err != nil {
			return nil, err
		}
	}
	defer func() {
		if v := recover(); v != nil {
			s.logPanic(req.Event, v)
			err = fault.From(fmt.Errorf("panic: %v", v))
		}
	}()
	if reply, err = e.handle(s.ctx, sock, req.Data); err != nil {
		if f := fault.From(err); f.Kind == fault.Internal {
			s.cfg.Log.Error("event failed", "event", req.Event, "user", sock.session.userID, "error", err)
		}
		return nil, err
	}
	if reply == nil {
		reply = struct{}{}
	}
	return reply, nil
}

// refuse says no: in the ack where there is an id, in an `error` event otherwise.
func (s *Server) refuse(sock *socket, id json.RawMessage, event string, err error) {
	r := refusalOf(err)
	if id != nil {
		s.send(sock, ackReply{Event: eventAck, ID: id, Error: r})
		return
	}
	r.Event = event[:min(len(event), maxEventName)]
	s.send(sock, struct {
		Event string   `json:"event"`
		Data  *refusal `json:"data"`
	}{eventError, r})
}

func (s *Server) send(sock *socket, v any) {
	f, err := textFrame(v)
	if err != nil {
		s.cfg.Log.Error("reply cannot be encoded", "error", err)
		return
	}
	sock.session.reply(f)
}

// maxEventName is how much of an unknown event's name is given back: more than the longest that there is.
const maxEventName = 64

// maxRequestID bounds the id that a client gives a frame, in bytes of JSON. Any number or short string is one.
const maxRequestID = 64

// parse reads the envelope of a frame. On error the request still holds the id, if that was understood.
func parse(raw []byte) (request, error) {
	var req request
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 || raw[0] != '{' {
		return req, fault.New(fault.BadRequest, codeBadFrame, "a frame is one JSON object in UTF-8")
	}
	err := wirejson.Unmarshal(raw, &req)
	if err != nil { // the refusal wants the id, which may stand behind what is wrong
		var only struct {
			ID json.RawMessage `json:"id"`
		}
		_ = wirejson.Unmarshal(raw, &only)
		req = request{ID: only.ID}
	}
	if !validID(req.ID) {
		req.ID = nil
		return req, fault.New(fault.BadRequest, codeBadFrame, "id must be a number or a short string")
	}
	if string(req.ID) == "null" {
		req.ID = nil
	}
	if err != nil {
		return req, fault.New(fault.BadRequest, codeBadFrame, "a frame is one JSON object: {event, data, id?}")
	}
	if req.Event == "" {
		return req, fault.New(fault.BadRequest, codeBadFrame, "event is missing")
	}
	return req, nil
}

func validID(id json.RawMessage) bool {
	if id == nil || string(id) == "null" {
		return true
	}
	return len(id) <= maxRequestID && id[0] != '{' && id[0] != '[' && id[0] != 't' && id[0] != 'f'
}

// decode reads an event's data into v, a pointer to a struct. Unknown fields are ignored.
func decode(data json.RawMessage, v any) error {
	if len(data) == 0 || string(data) == "null" {
		data = json.RawMessage("{}")
	}
	if data[0] != '{' {
		return fault.New(fault.BadRequest, codeBadData, "data must be an object")
	}
	err := wirejson.Unmarshal(data, v)
	var wrong *wirejson.Mismatch
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*fault.Error)):
		return err
	case errors.As(err, &wrong):
		f := fault.New(fault.BadRequest, codeBadData, wrong.Error())
		f.Fields = []fault.Field{{Field: wrong.Field, Message: "must not be a " + wrong.Got}}
		return f
	}
	return fault.New(fault.BadRequest, codeBadData, "data is of the wrong shape")
}

// device names the socket to internal/call.
func (sock *socket) device() call.Device {
	return call.Device{UserID: sock.session.userID, SessionID: sock.session.sessionID, SocketID: sock.session.id}
}
