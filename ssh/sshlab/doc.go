// Package sshlab is a fleet of SSH servers in one process, on loopback and
// without root, with faults on demand. Tests are run against it, and
// "jurymast demo" shows it.
//
// A [Lab] holds machines ([Lab.Add]), a small simulated network between them
// ([Lab.Serve]) and what a client needs to reach them: an identity, a file of
// known hosts and an ssh_config. A [Machine] runs every command in a real
// shell, below a root folder of its own. Where a real machine would be needed
// for an answer (its load, its units, its containers), the answer is simulated
// from the files below that folder, which [Linux] writes. This package is the
// only place of the project where answers are simulated: all else is real.
//
// What is simulated is found under $JURYMAST_ROOT: scripts put that variable,
// which is unset on real machines, ahead of /proc, /sys, /run, /etc and /var.
// The simulated tools are POSIX sh files of folder tool; they read
// $JURYMAST_ROOT/lab.
//
// A machine is no sandbox. Commands run as the user who runs the process, with
// that user's rights.
package sshlab
