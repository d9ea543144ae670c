package sshlab

import "syscall"

const soReusePort = syscall.SO_REUSEPORT
