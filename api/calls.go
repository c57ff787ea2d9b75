package api

import (
	"context"
	"net/http"
	"time"

	"confab/internal/call"
	"confab/internal/fault"
	"confab/internal/ice"
	"confab/store"
)

// ICEServers is what a browser's RTCPeerConnection is made with.
type ICEServers struct {
	Servers []ice.Server `json:"iceServers"`
	TTL     int          `json:"ttl" doc:"Seconds until the credentials expire."`
}

// Health tells that the server lives or is ready.
type Health struct {
	Status string `json:"status" enum:"ok"`
}

type callsInput struct {
	ChatID string `query:"chatId" doc:"Only calls of this chat."`
	Paging
}

func (a *API) callRoutes() {
	handle(a, route{http.MethodGet, "/ice-servers", "getIceServers", "Get TURN credentials", "calls", 0, false, ""}, a.iceServers)
	handle(a, route{http.MethodGet, "/calls", "listCalls", "List past and running calls, newest first", "calls", 0, false, ""}, a.callHistory)
}

func (a *API) iceServers(ctx context.Context, _ *none) (*body[ICEServers], error) {
	servers, ttl := a.cfg.ICE(from(ctx).UserID)
	if servers == nil {
		servers = []ice.Server{}
	}
	return answer(ICEServers{servers, int(ttl / time.Second)}, nil)
}

func (a *API) callHistory(ctx context.Context, in *callsInput) (*body[call.RecordPage], error) {
	var chatID store.ID
	if in.ChatID != "" {
		var err error
		if chatID, err = pathID(in.ChatID); err != nil {
			return nil, err
		}
	}
	return answer(a.cfg.Calls.History(ctx, from(ctx).UserID, chatID, in.Limit, in.Cursor))
}

func (a *API) healthRoutes() {
	handle(a, route{http.MethodGet, "/healthz", "health", "Tell that the process lives", "server", 0, true, ""}, a.live)
	handle(a, route{http.MethodGet, "/readyz", "ready", "Tell that the server can serve", "server", 0, true, ""}, a.ready)
}

func (a *API) live(context.Context, *none) (*body[Health], error) { return answer(Health{"ok"}, nil) }

func (a *API) ready(ctx context.Context, _ *none) (*body[Health], error) {
	if err := a.cfg.Ready(ctx); err != nil {
		a.log.Warn("not ready", "error", err)
		return nil, &fault.Error{Kind: fault.Unavailable, Code: "not_ready", Message: "the server cannot serve now", Cause: err}
	}
	return answer(Health{"ok"}, nil)
}
