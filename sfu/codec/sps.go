package codec

// maxSPS bounds what is read of a parameter set; what tells the size stands in its first bytes.
const maxSPS = 64

// spsHeight reads the height of the picture, in lines, from a sequence parameter set (H.264, section 7.3.2.1.1), without its
// NAL header. It is 0 if the set has what is not expected in a call: scaling lists, or an end too soon.
func spsHeight(b []byte) uint16 {
	var clean [maxSPS]byte
	r := bitReader{b: clean[:unescape(clean[:], b)]}
	profile := r.read(8)
	r.read(16) // constraints, level
	r.golomb() // id
	chroma := uint32(1)
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		if chroma = r.golomb(); chroma == 3 {
			r.read(1)
		}
		r.golomb() // bit depths
		r.golomb()
		r.read(1)
		if r.read(1) == 1 { // scaling matrix
			return 0
		}
	}
	r.golomb() // frame numbers
	switch r.golomb() {
	case 0:
		r.golomb()
	case 1:
		return 0 // an order of pictures that real-time encoders do not use
	}
	r.golomb() // reference frames
	r.read(1)
	r.golomb() // width
	rows := r.golomb() + 1
	frames := r.read(1)
	if frames == 0 {
		r.read(1)
	}
	r.read(1)
	top, bottom := uint32(0), uint32(0)
	if r.read(1) == 1 { // cropping
		r.golomb()
		r.golomb()
		top, bottom = r.golomb(), r.golomb()
	}
	unit := 2 - frames // lines that a unit of cropping stands for
	if chroma == 1 {
		unit *= 2
	}
	const most = 1 << 14
	height := (2 - frames) * rows * 16
	if r.failed || rows > most/16 || top+bottom > most || unit*(top+bottom) >= height {
		return 0
	}
	return uint16(height - unit*(top+bottom))
}

// unescape copies a NAL unit without the bytes that keep start codes out of it (section 7.3.1), as much as fits.
func unescape(dst, b []byte) (n int) {
	zeros := 0
	for _, c := range b {
		if n == len(dst) {
			break
		}
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		dst[n] = c
		n++
	}
	return n
}
