#include "archive.hpp"

#include <zip.h>

#include <vector>

#include "hdq/io/bad_input.hpp"
#include "hdq/io/text.hpp"
#include "members.hpp"

namespace hdq::io::detail {
namespace {

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseMember {
  void operator()(zip_file_t* member) const { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using Member = std::unique_ptr<zip_file_t, CloseMember>;

class MemberSource final : public SequentialSource {
 public:
  MemberSource(Archive archive, Member member, std::optional<std::uint64_t> size)
      : archive_(std::move(archive)), member_(std::move(member)), size_(size) {}
  std::optional<std::uint64_t> size() const override { return size_; }

 private:
  std::size_t read_next(void* out, std::size_t size) override {
    const zip_int64_t got = zip_fread(member_.get(), out, size);
    if (got < 0) throw BadInput(std::string("corrupt archive: ") + zip_file_strerror(member_.get()));
    return static_cast<std::size_t>(got);
  }

  Archive archive_;
  Member member_;  // closed before the archive
  std::optional<std::uint64_t> size_;
};

Archive open_archive(Descriptor file) {
  int code = 0;
  Archive archive(zip_fdopen(file.get(), 0, &code));
  if (archive) {
    file.release();  // now the archive's
    return archive;
  }
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string what = zip_error_strerror(&error);
  zip_error_fini(&error);
  throw BadInput("not a zip archive: " + what);
}

std::string without_npy(std::string name) {
  if (name.ends_with(".npy")) name.resize(name.size() - 4);
  return name;
}

std::uint64_t find_member(zip_t* archive, const std::string& wanted) {
  std::vector<std::string> names;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
    names.push_back(name == nullptr ? "" : name);
  }
  for (const std::string& name : {wanted + ".npy", wanted})
    for (std::size_t i = names.size(); i-- > 0;)
      if (!wanted.empty() && names[i] == name) return i;
  for (std::string& name : names) name = without_npy(std::move(name));
  return only_member(wanted, "array", names);
}

}  // namespace

std::unique_ptr<ByteSource> open_archive_member(Descriptor file, const std::string& name) {
  Archive archive = open_archive(std::move(file));
  const zip_uint64_t index = find_member(archive.get(), name);
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_stat_index(archive.get(), index, 0, &status) != 0) throw BadInput(std::string("corrupt archive: ") + zip_strerror(archive.get()));
  Member member(zip_fopen_index(archive.get(), index, 0));
  if (!member) throw BadInput(std::string("corrupt archive: ") + zip_strerror(archive.get()));
  std::optional<std::uint64_t> size;
  if ((status.valid & ZIP_STAT_SIZE) != 0) size = status.size;
  return std::make_unique<MemberSource>(std::move(archive), std::move(member), size);
}

}  // namespace hdq::io::detail
