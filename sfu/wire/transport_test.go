package wire_test

import (
	"confab/sfu"
	"confab/sfu/wire"
)

// What the SFU asks of its transport, and what it makes use of where there is it.
var (
	_ sfu.Transport   = (*wire.Mux)(nil)
	_ sfu.Configurer  = (*wire.Mux)(nil)
	_ sfu.BatchWriter = (*wire.Mux)(nil)
)
