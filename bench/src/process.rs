//! Processes that the benchmark starts, and what Linux tells about them.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::Outcome;

/// Ended when it is dropped.
pub(crate) struct Process {
    child: Child,
    id: u32,
}

/// Bytes of memory in use, now and at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Memory {
    pub now: u64,
    pub peak: u64,
}

/// In which `/proc` counts CPU time; the same on every architecture that Linux runs on today.
const TICK: Duration = Duration::from_millis(10);

impl Process {
    /// Whatever it writes goes to the file `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> Outcome<Self> {
        let log = fs::File::create(log)?;
        command.stdout(log.try_clone()?).stderr(log);
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> Outcome<Self> {
        let program = command.as_std().get_program().to_owned();
        let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn();
        let child = child.map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let id = child.id().ok_or("a process ended as soon as it began")?;
        Ok(Self { child, id })
    }

    pub(crate) fn output(&mut self) -> Option<tokio::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Ends it and waits until it is gone, and its memory and ports with it.
    pub(crate) async fn end(mut self) -> Outcome {
        Ok(self.child.kill().await?)
    }

    /// In user and in kernel mode, over all threads since the start.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id))?;
        Ok(cpu_of(&stat).ok_or("/proc/PID/stat reads unlike proc(5)")?)
    }

    pub(crate) fn memory(&self) -> Outcome<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id))?;
        Ok(memory_of(&status).ok_or("/proc/PID/status reads unlike proc(5)")?)
    }
}

/// utime and stime are the fields 14 and 15 (proc(5)); the second, the name, can hold spaces and brackets.
fn cpu_of(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let ticks: u32 = fields.next()?.parse::<u32>().ok()? + fields.next()?.parse::<u32>().ok()?;
    Some(TICK * ticks)
}

fn memory_of(status: &str) -> Option<Memory> {
    let bytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024)
    };
    Some(Memory { now: bytes("VmRSS")?, peak: bytes("VmHWM")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_a_name_with_brackets() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 123 45 6 7 20 0 5 0 1000 2000 300";
        assert_eq!(cpu_of(stat), Some(Duration::from_millis(1680)));
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tgateway\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!(memory_of(status), Some(Memory { now: 1 << 20, peak: 2 << 20 }));
    }
}
