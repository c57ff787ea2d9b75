// Package pionlog sends the log lines of Pion's packages to an slog.Logger, all at debug level: what Pion calls an error or
// a warning is, on a server, mostly a client that went away or that speaks nonsense. What an operator must know is said by
// the packages of this module themselves.
package pionlog

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

var (
	_ logging.LoggerFactory = Factory{}
	_ logging.LeveledLogger = scope{}
)

// Factory makes loggers for Pion's packages. It has no state and may be copied.
type Factory struct{ log *slog.Logger }

// New makes a Factory that writes to log; a nil log discards.
func New(log *slog.Logger) Factory {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return Factory{log}
}

// NewLogger makes the logger of one of Pion's packages. A PeerConnection makes some twenty, most of which never say anything.
func (f Factory) NewLogger(name string) logging.LeveledLogger { return scope{f.log, name} }

// scope is the logger of one package. Pion's trace level is not kept: it is one line per packet.
type scope struct {
	log  *slog.Logger
	name string
}

func (s scope) print(level string, msg string) {
	s.log.Debug(msg, "pion", s.name, "pionLevel", level)
}

func (s scope) printf(level, format string, args []any) {
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.print(level, fmt.Sprintf(format, args...))
	}
}

func (scope) Trace(string)          {}
func (scope) Tracef(string, ...any) {}

func (s scope) Debug(msg string)                  { s.print("debug", msg) }
func (s scope) Debugf(format string, args ...any) { s.printf("debug", format, args) }
func (s scope) Info(msg string)                   { s.print("info", msg) }
func (s scope) Infof(format string, args ...any)  { s.printf("info", format, args) }
func (s scope) Warn(msg string)                   { s.print("warn", msg) }
func (s scope) Warnf(format string, args ...any)  { s.printf("warn", format, args) }
func (s scope) Error(msg string)                  { s.print("error", msg) }
func (s scope) Errorf(format string, args ...any) { s.printf("error", format, args) }
