//! Kept: items that one run leaves to the next, in a file of the next one's folder.
//!
//! Each is its length in four bytes, the highest first, and its bytes, so that it may hold anything
//! and none is ever taken for two. They are put in as they are found and read in their order of
//! arrival. Unaware of why they were left.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::{Fault, folder};

/// Bytes of the length in front of an item.
const HEAD: usize = 4;

/// Writes items of one queue.
#[derive(Debug)]
pub struct Keeper {
    path: PathBuf,
    /// The items as they come.
    found: BufWriter<File>,
    /// Of each its place in the order of arrival, where it begins in the file, and its length.
    places: Vec<(u64, u64, u32)>,
    end: u64,
}

impl Keeper {
    /// Creates a file that must not exist, with the folder that it lies in.
    pub fn create(path: PathBuf) -> Result<Self, Fault> {
        path.parent().map_or(Ok(()), folder::folder)?;
        let as_found = as_found(&path);
        folder::create(&as_found)?;
        let mut options = File::options();
        let file = options.read(true).write(true).open(&as_found);
        let found = BufWriter::new(file.map_err(Fault::to("open", &as_found))?);
        Ok(Self { path, found, places: Vec::new(), end: 0 })
    }

    /// Takes in an item; `index` is its place in the order of arrival.
    pub fn keep(&mut self, index: u64, item: &[u8]) -> Result<(), Fault> {
        let written = u32::try_from(item.len()).map_err(io::Error::other).and_then(|length| {
            self.places.push((index, self.end, length));
            self.found.write_all(item)
        });
        self.end += item.len() as u64;
        written.map_err(Fault::to("write", &as_found(&self.path)))
    }

    /// Writes them in their order; they are on disk when this returns. Returns their indices.
    pub fn finish(mut self) -> Result<Vec<u64>, Fault> {
        let as_found = as_found(&self.path);
        self.found.flush().map_err(Fault::to("write", &as_found))?;
        self.places.sort_unstable();
        let file = folder::create(&self.path)?;
        let copied = copy(self.found.get_ref(), &self.places, &file);
        copied.map_err(Fault::to("write", &self.path))?;
        fs::remove_file(&as_found).map_err(Fault::to("remove", &as_found))?;
        Ok(self.places.into_iter().map(|(index, ..)| index).collect())
    }
}

/// Returns where items lie until all are there.
fn as_found(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    // No queue's file is called so: it would be written `%7e`.
    name.push("~");
    name.into()
}

fn copy(from: &File, places: &[(u64, u64, u32)], to: &File) -> io::Result<()> {
    let mut out = BufWriter::new(to);
    let mut item = Vec::new();
    for (_, start, length) in places {
        item.resize(*length as usize, 0);
        from.read_exact_at(&mut item, *start)?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(&item)?;
    }
    out.flush()?;
    to.sync_data()
}

/// Reads the items that a [`Keeper`] has written. After an error there are no more.
pub fn kept_items(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Vec<u8>>> + use<>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut ended = false;
    Ok(std::iter::from_fn(move || {
        let item = if ended { None } else { read(&mut file).transpose() };
        ended = !matches!(item, Some(Ok(_)));
        item
    }))
}

fn read(file: &mut BufReader<File>) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(None);
    }
    let head: [u8; HEAD] = head.try_into().map_err(|_| io::ErrorKind::UnexpectedEof)?;
    let length = u32::from_be_bytes(head).into();
    // The length is not believed before the bytes are there.
    let mut item = Vec::new();
    file.take(length).read_to_end(&mut item)?;
    if (item.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_back_in_their_order_byte_for_byte() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("items/q");
        let mut keeper = Keeper::create(path.clone()).unwrap();
        for (index, item) in [(7, &b"seven\n"[..]), (2, b""), (5, b"\0\xff\0\0\0\x01")] {
            keeper.keep(index, item).unwrap();
        }
        assert_eq!(keeper.finish().unwrap(), [2, 5, 7]);
        let items: Vec<_> = kept_items(&path).unwrap().map(Result::unwrap).collect();
        assert_eq!(items, [&b""[..], b"\0\xff\0\0\0\x01", b"seven\n"]);
        assert_eq!(fs::read_dir(home.path().join("items")).unwrap().count(), 1);
    }

    #[test]
    fn a_cut_file_is_an_error_at_every_cut_but_between_items() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("q");
        let mut keeper = Keeper::create(path.clone()).unwrap();
        keeper.keep(0, b"abc").unwrap();
        keeper.keep(1, b"").unwrap();
        keeper.finish().unwrap();
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let broken = kept_items(&path).unwrap().any(|item| item.is_err());
            assert_eq!(broken, cut != 0 && cut != 7, "{cut}");
        }
    }
}
