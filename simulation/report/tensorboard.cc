#include "simulation/report/tensorboard.h"

#include <bit>
#include <span>

#include "core/base/crc32c.h"
#include "core/base/text.h"

namespace cairn {
namespace {

template <class T>
void AppendLittleEndian(T value, std::string& out) {
  for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

// As TFRecord stores it: rotated and offset, so that the checksum of data that holds checksums stays sound.
std::uint32_t MaskedCrc32c(std::string_view bytes) {
  return std::rotr(Crc32c(std::as_bytes(std::span(bytes))), 15) + 0xA282EAD8u;
}

// The wire format of protobuf, as far as scalars need it.
class MessageWriter {
 public:
  void Varint(int field, std::uint64_t value) {
    Key(field, 0);
    Raw(value);
  }
  void Double(int field, double value) {
    Key(field, 1);
    AppendLittleEndian(std::bit_cast<std::uint64_t>(value), bytes_);
  }
  void Float(int field, float value) {
    Key(field, 5);
    AppendLittleEndian(std::bit_cast<std::uint32_t>(value), bytes_);
  }
  void Bytes(int field, std::string_view value) {
    Key(field, 2);
    Raw(value.size());
    bytes_ += value;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void Key(int field, unsigned wire_type) { Raw(static_cast<std::uint64_t>(field) << 3 | wire_type); }
  void Raw(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

// Field numbers of tensorboard's event.proto and summary.proto.
constexpr int kEventWallTime = 1, kEventStep = 2, kEventFileVersion = 3, kEventSummary = 5;
constexpr int kSummaryValue = 1, kValueTag = 1, kValueSimple = 2;

}  // namespace

Result<TensorBoardWriter> TensorBoardWriter::Create(const std::filesystem::path& folder, double wall_time) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const auto seconds = std::to_string(static_cast<std::int64_t>(wall_time));
  const std::filesystem::path path = folder / ("events.out.tfevents." + seconds + ".cairn");
  std::ofstream file(path, std::ios::binary | std::ios::app);
  if (!file) return Status(errors::kStorageIo, "cannot write " + EscapeControls(path.string()));
  TensorBoardWriter writer(path, std::move(file));
  MessageWriter event;
  event.Double(kEventWallTime, wall_time);
  event.Bytes(kEventFileVersion, "brain.Event:2");
  CAIRN_RETURN_IF_ERROR(writer.AddRecord(event.bytes()));
  return writer;
}

Status TensorBoardWriter::AddScalar(std::string_view tag, std::int64_t step, double value, double wall_time) {
  MessageWriter scalar, summary, event;
  scalar.Bytes(kValueTag, tag);
  scalar.Float(kValueSimple, static_cast<float>(value));
  summary.Bytes(kSummaryValue, scalar.bytes());
  event.Double(kEventWallTime, wall_time);
  event.Varint(kEventStep, static_cast<std::uint64_t>(step));
  event.Bytes(kEventSummary, summary.bytes());
  return AddRecord(event.bytes());
}

Status TensorBoardWriter::AddRecord(const std::string& event) {
  std::string record;
  AppendLittleEndian(static_cast<std::uint64_t>(event.size()), record);
  AppendLittleEndian(MaskedCrc32c(record), record);
  record += event;
  AppendLittleEndian(MaskedCrc32c(event), record);
  file_.write(record.data(), static_cast<std::streamsize>(record.size())).flush();
  if (file_) return {};
  return Status(errors::kStorageIo, "cannot append to " + EscapeControls(path_.string()));
}

}  // namespace cairn
