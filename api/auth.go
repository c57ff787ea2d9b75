package api

import (
	"context"
	"net/http"
	"strings"

	"confab/internal/auth"
	"confab/internal/chat"
	"confab/internal/fault"
	"confab/internal/limit"
	"confab/internal/stamp"
	"confab/store"
)

// SignedIn answers whatever signs a device in.
type SignedIn struct {
	auth.Tokens
	User chat.Profile `json:"user"`
}

// Session is a signed-in device.
type Session struct {
	ID         store.ID   `json:"id"`
	Current    bool       `json:"current" doc:"The device that asks."`
	UserAgent  string     `json:"userAgent"`
	Address    string     `json:"address" doc:"Of the last sign-in or refresh."`
	CreatedAt  stamp.Time `json:"createdAt"`
	LastUsedAt stamp.Time `json:"lastUsedAt" doc:"Of the last sign-in or refresh."`
	ExpiresAt  stamp.Time `json:"expiresAt" doc:"When it ends without being used."`
}

type registerInput struct {
	Body struct {
		Email       string `json:"email" minLength:"3" maxLength:"254" example:"ann@example.com"`
		Username    string `json:"username" minLength:"2" maxLength:"32" example:"ann" doc:"Letters and digits of any script, dots, hyphens, underscores."`
		Password    string `json:"password" minLength:"8" maxLength:"128"`
		DisplayName string `json:"displayName,omitempty" maxLength:"64" doc:"The username when left out."`
	}
}

type loginInput struct {
	Body struct {
		Login    string `json:"login,omitempty" maxLength:"254" doc:"E-mail address or username. One of login, email and username is wanted."`
		Email    string `json:"email,omitempty" maxLength:"254"`
		Username string `json:"username,omitempty" maxLength:"254"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
		Code     string `json:"code,omitempty" maxLength:"64" doc:"Of the second factor, where it is on: a code of the app, or a recovery code."`
	}
}

type passwordAgainInput struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"1024"`
	}
}

type codeInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"64"`
	}
}

type removeTOTPInput struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"1024"`
		Code     string `json:"code" minLength:"1" maxLength:"64" doc:"A code of the app, or a recovery code."`
	}
}

// RecoveryCodes let somebody in who lost the second factor, each of them once.
type RecoveryCodes struct {
	RecoveryCodes []string `json:"recoveryCodes"`
}

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refreshToken" minLength:"1" maxLength:"1024"`
	}
}

type sessionInput struct {
	ID string `path:"id"`
}

type passwordInput struct {
	Body struct {
		CurrentPassword string `json:"currentPassword" minLength:"1" maxLength:"1024"`
		NewPassword     string `json:"newPassword" minLength:"8" maxLength:"128"`
	}
}

func (a *API) authRoutes() {
	handle(a, route{http.MethodPost, "/auth/register", "register", "Make an account", "auth", http.StatusCreated, true, ""}, a.register)
	handle(a, route{http.MethodPost, "/auth/login", "login", "Sign in", "auth", 0, true, ""}, a.login)
	handle(a, route{http.MethodPost, "/auth/refresh", "refresh", "Trade a refresh token for a new pair", "auth", 0, true, ""}, a.refresh)
	handle(a, route{http.MethodPost, "/auth/logout", "logout", "Sign this device out", "auth", http.StatusNoContent, false, ""}, a.logout)
	handle(a, route{http.MethodGet, "/auth/sessions", "listSessions", "List the signed-in devices", "auth", 0, false, ""}, a.sessions)
	handle(a, route{http.MethodDelete, "/auth/sessions/{id}", "revokeSession", "Sign a device out", "auth", http.StatusNoContent, false, ""}, a.revokeSession)
	handle(a, route{http.MethodPut, "/auth/password", "changePassword", "Change the password and sign all other devices out", "auth", http.StatusNoContent, false, limit.Password}, a.changePassword)
	handle(a, route{http.MethodPost, "/auth/totp", "enrolTotp", "Make a second factor, which counts once it is confirmed", "auth", http.StatusOK, false, limit.Password}, a.enrolTOTP)
	handle(a, route{http.MethodPost, "/auth/totp/confirm", "confirmTotp", "Turn the second factor on", "auth", http.StatusOK, false, ""}, a.confirmTOTP)
	handle(a, route{http.MethodDelete, "/auth/totp", "removeTotp", "Turn the second factor off", "auth", http.StatusNoContent, false, limit.Password}, a.removeTOTP)
}

func (a *API) signedIn(t auth.Tokens, u store.User, err error) (*body[SignedIn], error) {
	return answer(SignedIn{t, a.cfg.Chats.ProfileOf(u)}, err)
}

func (a *API) register(ctx context.Context, in *registerInput) (*body[SignedIn], error) {
	who := from(ctx)
	if err := a.allow(limit.Register, who.network); err != nil {
		return nil, err
	}
	b := in.Body
	return a.signedIn(a.cfg.Auth.Register(ctx, auth.Registration{Email: b.Email, Username: b.Username, Password: b.Password,
		DisplayName: b.DisplayName}, who.client))
}

func (a *API) login(ctx context.Context, in *loginInput) (*body[SignedIn], error) {
	who := from(ctx)
	login := in.Body.Login
	for _, other := range []string{in.Body.Email, in.Body.Username} {
		if login == "" {
			login = other
		}
	}
	if strings.TrimSpace(login) == "" {
		return nil, fault.InvalidField("login", "is missing: give login, email or username")
	}
	if err := a.allow(limit.Login, who.network); err != nil {
		return nil, err
	}
	if err := a.allow(limit.LoginAccount, store.Fold(login)); err != nil {
		return nil, err
	}
	return a.signedIn(a.cfg.Auth.Login(ctx, login, in.Body.Password, in.Body.Code, who.client))
}

func (a *API) refresh(ctx context.Context, in *refreshInput) (*body[SignedIn], error) {
	who := from(ctx)
	if err := a.allow(limit.Refresh, who.network); err != nil {
		return nil, err
	}
	return a.signedIn(a.cfg.Auth.Refresh(ctx, in.Body.RefreshToken, who.client))
}

func (a *API) logout(ctx context.Context, _ *none) (*none, error) {
	return nil, a.cfg.Auth.Logout(ctx, from(ctx).Identity)
}

func (a *API) sessions(ctx context.Context, _ *none) (*body[items[Session]], error) {
	who := from(ctx)
	sessions, err := a.cfg.Auth.Sessions(ctx, who.UserID)
	list := make([]Session, len(sessions))
	for i, s := range sessions {
		list[i] = Session{ID: s.ID, Current: s.ID == who.SessionID, UserAgent: s.UserAgent, Address: s.Address,
			CreatedAt: stamp.Of(s.CreatedAt), LastUsedAt: stamp.Of(s.LastUsedAt), ExpiresAt: stamp.Of(s.ExpiresAt)}
	}
	return answer(items[Session]{list}, err)
}

func (a *API) revokeSession(ctx context.Context, in *sessionInput) (*none, error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.cfg.Auth.RevokeSession(ctx, from(ctx).UserID, id)
}

func (a *API) changePassword(ctx context.Context, in *passwordInput) (*none, error) {
	return nil, a.cfg.Auth.ChangePassword(ctx, from(ctx).Identity, in.Body.CurrentPassword, in.Body.NewPassword)
}

func (a *API) enrolTOTP(ctx context.Context, in *passwordAgainInput) (*body[auth.Enrolment], error) {
	return answer(a.cfg.Auth.EnrolTOTP(ctx, from(ctx).UserID, in.Body.Password))
}

func (a *API) confirmTOTP(ctx context.Context, in *codeInput) (*body[RecoveryCodes], error) {
	codes, err := a.cfg.Auth.ConfirmTOTP(ctx, from(ctx).UserID, in.Body.Code)
	return answer(RecoveryCodes{codes}, err)
}

func (a *API) removeTOTP(ctx context.Context, in *removeTOTPInput) (*none, error) {
	return nil, a.cfg.Auth.RemoveTOTP(ctx, from(ctx).UserID, in.Body.Password, in.Body.Code)
}
