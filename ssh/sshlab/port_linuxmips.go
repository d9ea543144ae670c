//go:build linux && (mips || mipsle || mips64 || mips64le)

package sshlab

// soReusePort is SO_REUSEPORT (arch/mips/include/uapi/asm/socket.h).
const soReusePort = 0x200
