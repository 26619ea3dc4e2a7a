# Yang dikatakan bot di semua platform. $wait_s dalam detik; 0 bila waktunya tidak bisa disebut.

-formats = JPEG, PNG, WebP, atau HEIC

## Belum bisa: tidak ada yang diterima, tidak ada yang dihitung.

refused-paused = { $wait_s ->
    [0] Kuasnya sedang diistirahatkan. Coba lagi nanti, ya.
   *[other] Kuasnya sedang diistirahatkan. Kembali lagi dalam { DURATION($wait_s) }, ya.
}
refused-banned = Foto dari akun ini tidak bisa diterima lagi.
refused-opted-out = Kamu minta foto-fotomu tidak dilukis, jadi saya biarkan apa adanya.
refused-forgotten = Itu sudah dilupakan, sesuai permintaanmu.
refused-strikes = { $wait_s ->
    [0] Beberapa fotomu termasuk jenis yang tidak bisa saya lukis, jadi kita jeda dulu.
   *[other] Beberapa fotomu termasuk jenis yang tidak bisa saya lukis, jadi kita jeda dulu. Kembali lagi dalam { DURATION($wait_s) }, ya.
}
refused-cooldown = { $wait_s ->
    [0] Catnya belum kering. Foto berikutnya ditunggu sebentar lagi.
   *[other] Catnya belum kering. Foto berikutnya ditunggu { DURATION($wait_s) } lagi.
}
refused-quota = { $wait_s ->
    [0] Itu lukisan terakhirmu untuk hari ini. Besok kita lanjut.
   *[other] Itu lukisan terakhirmu untuk hari ini. Kita lanjut { DURATION($wait_s) } lagi.
}
refused-too-many-open = Foto-fotomu yang tadi masih dikerjakan. Kirim lagi yang ini setelah salah satunya selesai, ya.
refused-busy-here = { $wait_s ->
    [0] Sudah banyak foto dari obrolan ini yang antre. Coba lagi nanti, ya.
   *[other] Sudah banyak foto dari obrolan ini yang antre. Coba lagi dalam { DURATION($wait_s) }, ya.
}
refused-busy-address = Sudah banyak foto dari jaringanmu. Coba lagi dalam { DURATION($wait_s) }, ya.
refused-too-busy = { $wait_s ->
    [0] Antreannya sedang panjang sekali, fotomu akan terlalu lama menunggu. Kembali lagi nanti, ya.
   *[other] Antreannya sedang panjang sekali, fotomu akan terlalu lama menunggu. Kembali lagi dalam { DURATION($wait_s) }, ya.
}
refused-own-words = Yang itu tidak saya lukis untuk siapa pun. Mintalah yang lain, dengan senang hati saya coba. Ini tidak dihitung.
refused-own-words-script = Saya hanya bisa mengikuti kata-kata Anda dalam bahasa Indonesia, Inggris, Spanyol, Portugis, Hindi, dan Jepang. Ini tidak dihitung.
refused-storage-full = { $wait_s ->
    [0] Sedang tidak ada tempat untuk satu foto lagi. Coba lagi nanti, ya.
   *[other] Sedang tidak ada tempat untuk satu foto lagi. Coba lagi dalam { DURATION($wait_s) }, ya.
}

## Tanpa lukisan: satu kalimat jujur tentang sebabnya.

apology-empty = Berkasnya sampai dalam keadaan kosong. Tolong kirim fotonya sekali lagi.
apology-too-heavy = Berkas itu terlalu berat: paling besar { $limit_mb } MB.
apology-web-page = Itu halaman web, bukan gambar. Tolong kirim fotonya langsung.
apology-other-format = Gambar { $kind } tidak bisa saya buka. Tolong kirim foto { -formats }.
apology-not-a-photo = { $kind ->
    [audio] Itu rekaman suara. Tolong kirim foto { -formats }.
    [document] Itu dokumen. Tolong kirim foto { -formats }.
    [program] Itu program. Tolong kirim foto { -formats }.
    [text] Itu teks. Tolong kirim foto { -formats }.
    [unknown] Berkas itu tidak saya kenali. Tolong kirim foto { -formats }.
    [video] Itu video. Tolong kirim foto { -formats }.
   *[other] Itu berkas { $kind }. Tolong kirim foto { -formats }.
}
apology-too-small = Foto itu terlalu kecil untuk dilukis: tiap sisi paling sedikit { $limit_px } piksel.
apology-too-large = Foto itu terlalu besar: sisinya paling panjang { $limit_px } piksel.
apology-too-many-pixels = Foto itu lebih besar dari yang sanggup saya pegang: paling banyak { $limit_megapixels } megapiksel.
apology-too-narrow = Foto itu terlalu panjang dan sempit: sisi panjangnya paling banyak { $limit_aspect } kali sisi pendeknya.
apology-truncated = Sebagian foto itu hilang di jalan. Tolong kirim sekali lagi.
apology-broken = Berkas itu rusak dan tidak mau terbuka. Coba salinan lain, ya.
apology-transparent = Gambar itu tembus pandang seluruhnya: tidak ada yang bisa dilukis.
apology-too-hard = Berkas itu terlalu berat untuk dibuka. Kalau disimpan sebagai JPEG biasa, mestinya bisa.
apology-unsafe-photo = Foto ini tidak bisa saya lukis. Coba foto lain, ya.
apology-unsafe-picture = Lukisan dari foto ini tidak bisa saya tunjukkan. Coba foto lain, ya.
apology-photo-gone = Foto itu sudah tidak ada. Tolong kirim sekali lagi.
apology-photo-elsewhere = Foto itu ada di tempat yang tidak saya buka. Tolong kirim langsung ke sini.
apology-no-photo = Tidak ada foto untuk dilukis. Tolong kirim satu.
apology-owner-opted-out = Pemilik foto ini minta fotonya tidak dilukis, jadi saya biarkan apa adanya.
apology-unknown-style = Gaya itu sudah tidak saya kenal. Pilih gaya lain, ya.
apology-our-fault = Ada yang salah di pihak saya, jadi kali ini tidak ada lukisan. Maaf, ya.
apology-refunded = Yang ini tidak dihitung: kamu bisa langsung coba lagi.

## Di samping lukisan.

note-first-frame = Itu animasi, jadi yang dilukis gambar pertamanya.
note-photo-left-out = Tidak semua foto bisa dilukis; ini yang bisa.
note-words-unused = Di sini saya tidak bisa mengikuti kata-kata Anda, jadi fotonya saya lukis apa adanya.

## Selama menunggu.

status-fetch = Sedang melihat fotomu…
status-queued = Antrean ke-{ $position }, kira-kira { DURATION($wait_s) }
status-next = Giliranmu berikutnya, kira-kira { DURATION($wait_s) }
status-painting = { $progress ->
    [0] Melukis…
   *[other] Melukis… { NUMBER($progress, style: "percent") }
}
status-paused = Melukis sedang dijeda. Fotomu tetap di antreannya.
status-deliver = Catnya sedang mengering, gambarmu segera sampai…

## How the bot understood a person's own words. $style is a style's title, $strength 0 to 1.

understood = Dimengerti: { $style }, { NUMBER($strength, style: "percent") }.
not-understood = Saya melukis dalam gaya; isi fotonya tidak bisa saya ubah.
